"""One module per plugin: ``check`` runs it and says in a line what was seen."""
