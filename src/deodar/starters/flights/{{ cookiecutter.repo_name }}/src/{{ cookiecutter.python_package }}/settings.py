"""Settings of the project. What is left out has a default."""

# Hooks: instances whose methods are called as a run goes along.
# from {{ cookiecutter.python_package }}.hooks import ProjectHooks
# HOOKS = (ProjectHooks(),)

# Plugins whose hooks are to be left alone.
# DISABLE_HOOKS_FOR_PLUGINS = ("some-plugin",)

# The folder of the configuration.
# CONF_SOURCE = "conf"

# How configuration is read.
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # "config_patterns": {"spark": ["spark*/", "spark*"]},
}

# The classes that hold the run together.
# from {{ cookiecutter.framework }}.framework.context import KedroContext
# CONTEXT_CLASS = KedroContext
# from {{ cookiecutter.framework }}.io import DataCatalog
# DATA_CATALOG_CLASS = DataCatalog
