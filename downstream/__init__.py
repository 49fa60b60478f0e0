"""Real plugins, unmodified, under the drop-in: ``make downstream``."""
