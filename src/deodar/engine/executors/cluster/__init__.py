"""Clusters that somebody else's engine keeps: Dask's, Ray's.

``worker`` is what runs there, whichever engine started it, and ``executor`` the driver's side; what only one of the
engines needs is in ``dask`` and ``ray``. Each of these two is imported by those who run on it alone.
"""
