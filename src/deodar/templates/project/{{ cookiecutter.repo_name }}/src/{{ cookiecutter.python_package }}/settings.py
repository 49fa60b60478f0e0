"""Settings of the project. What is commented out shows an example, not the default."""

# Hooks: instances whose methods are called while a run goes on.
# from {{ cookiecutter.python_package }}.hooks import ProjectHooks
# HOOKS = (ProjectHooks(),)

# Plugins whose hooks are not wanted.
# DISABLE_HOOKS_FOR_PLUGINS = ("kedro-viz",)

# The session that runs pipelines, and where it keeps its records.
# from {{ cookiecutter.framework }}.framework.session import KedroSession
# SESSION_CLASS = KedroSession
# from {{ cookiecutter.framework }}.framework.session.store import BaseSessionStore
# SESSION_STORE_CLASS = BaseSessionStore
# SESSION_STORE_ARGS = {"path": "./sessions"}

# The folder of the configuration.
# CONF_SOURCE = "conf"

# How configuration is read.
# from {{ cookiecutter.framework }}.config import OmegaConfigLoader
# CONFIG_LOADER_CLASS = OmegaConfigLoader
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # "config_patterns": {
    #     "spark": ["spark*/", "spark*"],
    # },
}

# The context of a run.
# from {{ cookiecutter.framework }}.framework.context import KedroContext
# CONTEXT_CLASS = KedroContext

# The catalog of datasets.
# from {{ cookiecutter.framework }}.io import DataCatalog
# DATA_CATALOG_CLASS = DataCatalog
