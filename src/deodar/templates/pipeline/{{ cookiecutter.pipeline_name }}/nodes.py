"""Functions of the pipeline '{{ cookiecutter.pipeline_name }}': plain Python, from data to data."""
