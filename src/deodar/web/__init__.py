"""The page that shows runs while they happen, and those that were. It reads the journal, and nothing else."""
