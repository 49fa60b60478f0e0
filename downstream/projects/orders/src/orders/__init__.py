"""A project with the habits of many: its own datasets, hooks with state, a context, a runner, resolvers."""
