"""The only memory: runs, attempts, values and what they cost, in one SQLite file."""
