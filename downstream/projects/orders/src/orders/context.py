from kedro.framework.context import KedroContext


class OrdersContext(KedroContext):
    @property
    def rates(self):
        return self.config_loader["rates"]
