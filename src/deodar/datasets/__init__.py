"""Datasets for everyday formats, under the names and with the arguments of ``kedro-datasets``.

Importing one of the modules imports no data library; that happens when a dataset is first used.
"""
