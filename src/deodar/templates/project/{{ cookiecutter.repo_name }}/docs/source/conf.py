"""Settings of the documentation; https://www.sphinx-doc.org says what else there is."""

from {{ cookiecutter.python_package }} import __version__ as release

project = "{{ cookiecutter.project_name }}"
version = release

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "myst_parser",
]
html_theme = "sphinx_rtd_theme"
exclude_patterns = ["**.ipynb_checkpoints"]
