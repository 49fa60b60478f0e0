"""A project that listens to every hook, changes what nodes get, and has commands of its own; a plugin is beside it."""
