"""YAML files."""

from typing import Any, ClassVar

from ._file import FileDataset
from ._packages import package

__all__ = ["YAMLDataset"]


class YAMLDataset(FileDataset):
    """Any data that YAML can hold. Reading is safe: it builds no objects. ``save_args`` go to ``yaml.dump``."""

    DEFAULT_SAVE_ARGS: ClassVar[dict[str, Any]] = {"default_flow_style": False}
    _HANDLE = "t"

    def _read(self, source: Any) -> Any:
        return package("yaml").safe_load(source, **self._load_args)

    def _write(self, data: Any, target: Any) -> None:
        package("yaml").dump(data, target, **self._save_args)
