from datetime import date

from kedro.config import OmegaConfigLoader

from orders.context import OrdersContext
from orders.hooks import CatalogHooks, Ledger

CONTEXT_CLASS = OrdersContext
CONFIG_LOADER_CLASS = OmegaConfigLoader
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    "config_patterns": {"rates": ["rates*", "**/rates*"]},
    "custom_resolvers": {"year": lambda text: date.fromisoformat(text).year, "double": lambda number: 2 * number},
}
HOOKS = (Ledger(), CatalogHooks())
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-telemetry",)
