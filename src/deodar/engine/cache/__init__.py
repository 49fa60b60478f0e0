"""Digests of code, parameters and data, and a store for values that must outlive a process."""
