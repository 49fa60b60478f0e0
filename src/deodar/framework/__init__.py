"""Projects: their settings, configuration, hooks, sessions and command line."""
