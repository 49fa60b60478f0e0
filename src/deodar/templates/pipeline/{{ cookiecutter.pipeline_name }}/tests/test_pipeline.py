"""Tests of the pipeline '{{ cookiecutter.pipeline_name }}'.

A node's function is plain Python, so a test may call it with small data and look at the result.
"""
