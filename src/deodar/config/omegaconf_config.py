"""The loader of YAML and JSON files with OmegaConf's interpolations.

OmegaConf and ``fsspec`` are imported when a file needs them: the first for interpolations, the second for archives and
remote sources.
"""

import enum
import logging
from collections.abc import Callable, Iterable, KeysView, Mapping
from pathlib import Path
from typing import Any

from ..utils import CLOUD_PROTOCOLS, HTTP_PROTOCOLS, _parse_filepath
from . import _discovery, _merge, _resolution, _resolvers, _yaml
from .abstract_config import AbstractConfigLoader, MissingConfigException

__all__ = ["CLOUD_PROTOCOLS", "HTTP_PROTOCOLS", "MERGING_IMPLEMENTATIONS", "MergeStrategies", "OmegaConfigLoader"]

_config_logger = logging.getLogger(__name__)
_NO_VALUE = _resolvers.NO_VALUE

_GLOBALS_PATTERNS = ["globals.yml"]
_PATTERNS = {
    "catalog": ["catalog*", "catalog*/**", "**/catalog*"],
    "parameters": ["parameters*", "parameters*/**", "**/parameters*"],
    "credentials": ["credentials*", "credentials*/**", "**/credentials*"],
    "globals": _GLOBALS_PATTERNS,
}


class MergeStrategies(enum.Enum):
    """How the run environment is put over the base environment."""

    SOFT = enum.auto()
    DESTRUCTIVE = enum.auto()


MERGING_IMPLEMENTATIONS = {
    MergeStrategies.SOFT: "_soft_merge",
    MergeStrategies.DESTRUCTIVE: "_destructive_merge",
}


def __getattr__(name: str) -> Any:
    # The two are part of this module's surface, and too heavy to be imported with it.
    if name == "fsspec":
        import fsspec

        return fsspec
    if name == "OmegaConf":
        from omegaconf import OmegaConf

        return OmegaConf
    if name == "oc":
        from omegaconf.resolvers import oc

        return oc
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class OmegaConfigLoader(AbstractConfigLoader):
    """Reads configuration from the folders of a base environment and a run environment.

    ``loader["catalog"]`` reads the files that match ``config_patterns["catalog"]``, merges and resolves them, and
    returns a plain dictionary; it does so anew each time. ``loader["catalog"] = {...}`` puts a value in their place.

    Example:
        >>> loader = OmegaConfigLoader("conf", env="prod", base_env="base", default_run_env="local")
        >>> loader["parameters"]  # doctest: +SKIP
    """

    def __init__(  # noqa: PLR0913  # the contract's signature
        self,
        conf_source: str | Path,
        env: str | None = None,
        runtime_params: dict[str, Any] | None = None,
        *,
        config_patterns: Mapping[str, Iterable[str]] | None = None,
        base_env: str | None = None,
        default_run_env: str | None = None,
        custom_resolvers: Mapping[str, Callable[..., Any]] | None = None,
        merge_strategy: Mapping[str, str] | None = None,
        ignore_hidden: bool = True,
        restrict_runtime_params_type_selection: bool = False,
    ) -> None:
        """Prepare the loader and read ``globals``.

        Args:
            conf_source: folder, archive (tar, zip) or URL of the configuration.
            env: the run environment; ``default_run_env`` if not given.
            runtime_params: parameters of this run, merged over ``parameters`` and seen by ``${runtime_params:…}``.
            config_patterns: glob patterns by key, in addition to or in place of the usual ones.
            base_env: the environment that all runs share; the root of the source if not given.
            default_run_env: the run environment where ``env`` is not given; the root of the source if not given.
            custom_resolvers: functions by the name under which interpolations call them.
            merge_strategy: ``"soft"`` or ``"destructive"`` by key; destructive if not given.
            ignore_hidden: skip files and folders whose names start with a dot.
            restrict_runtime_params_type_selection: refuse catalog entries whose type a runtime parameter chose.
        """
        self.base_env = base_env or ""
        self.default_run_env = default_run_env or ""
        self.merge_strategy: Mapping[str, str] = merge_strategy or {}
        self.ignore_hidden = ignore_hidden
        self.restrict_runtime_params_type_selection = restrict_runtime_params_type_selection
        self.config_patterns: dict[str, Any] = {key: list(patterns) for key, patterns in _PATTERNS.items()}
        self.config_patterns.update(config_patterns or {})
        self._custom_resolvers: dict[str, Callable[..., Any]] = {}
        self._globals: Any = {}

        super().__init__(str(conf_source), env, runtime_params)
        self._register_new_resolvers(custom_resolvers or {})
        self._source = self._open_source(str(conf_source))
        try:
            self._globals = self["globals"]
        except MissingConfigException:
            self._globals = {}

    def _register_new_resolvers(self, resolvers: Mapping[str, Callable[..., Any]]) -> None:
        """Add resolvers to those of the project; hooks of plugins do so when the context has been created."""
        for name in resolvers:
            _config_logger.debug("Registering new custom resolver: %s", name)
        self._custom_resolvers.update(resolvers)
        _resolvers.announce(self._scope("globals"))

    def _open_source(self, conf_source: str) -> _discovery.Source:
        location = _parse_filepath(conf_source)
        self._protocol = location["protocol"]
        if self._protocol in CLOUD_PROTOCOLS + HTTP_PROTOCOLS:
            self._remote_root_path = location["path"].rstrip("/")
            return _discovery.FilesystemSource(_filesystem(protocol=self._protocol), self._remote_root_path)
        if kind := _discovery.archive_kind(conf_source):
            self._protocol = kind
            filesystem = _filesystem(protocol=kind, **_discovery.archive_options(location["path"]))
            return _discovery.ArchiveSource(filesystem, conf_source, (self.base_env, self.env or self.default_run_env))
        if self._protocol != "file":
            self._remote_root_path = location["path"].rstrip("/")
            return _discovery.open_url(conf_source)
        return _discovery.LocalSource(location["path"])

    @property
    def _fs(self) -> Any:
        """The filesystem that files are read from."""
        return getattr(self._source, "filesystem", None) or _filesystem(protocol="file")

    @_fs.setter
    def _fs(self, filesystem: Any) -> None:
        root = getattr(self, "_remote_root_path", None) or self.conf_source
        self._source = _discovery.FilesystemSource(filesystem, getattr(self._source, "root", root))

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(conf_source={self.conf_source}, env={self.env}, "
            f"runtime_params={self.runtime_params}, config_patterns={self.config_patterns}, "
            f"base_env={self.base_env}, default_run_env={self.default_run_env}, "
            f"custom_resolvers={self._custom_resolvers}, merge_strategy={self.merge_strategy})"
        )

    def __setitem__(self, key: str, value: Any) -> None:
        if key == "globals":
            self._globals = value
        super().__setitem__(key, value)

    def keys(self) -> KeysView[str]:
        """Return the keys that the loader knows patterns for."""
        return KeysView(self.config_patterns)

    def __getitem__(self, key: str) -> Any:
        """Return the configuration of a key.

        Raises:
            KeyError: there are no patterns for the key.
            MissingConfigException: there is no such file, or no folder of an environment.
            ValueError: two files of one environment define the same key, or the merge strategy is unknown.
            BadConfigException: a file does not hold a mapping.
            yaml.YAMLError: a file is not valid YAML or JSON.
            omegaconf.errors.OmegaConfBaseException: an interpolation cannot be resolved.
        """
        if key in self.data:
            return self.data[key]
        if key not in self.config_patterns:
            raise KeyError(f"No config patterns were found for '{key}' in your config loader")

        patterns = self._patterns(key)
        run_env = self.env or self.default_run_env
        base_path, env_path = self._get_conf_env_path(self.base_env), self._get_conf_env_path(run_env)
        base = self._read(base_path, patterns, key)
        if run_env == self.base_env:
            return self._resolve_environment(base, key)

        # Both are read before anything is resolved: a missing folder is reported before what hangs on it.
        over = self._read(env_path, patterns, key)
        if not base and not over and key != "globals":
            raise MissingConfigException(
                f"No files of YAML or JSON format found in {base_path} or {env_path} "
                f"matching the glob pattern(s): {patterns}"
            )
        return self._combine(key, base, over, env_path)

    def load_and_merge_dir_config(
        self,
        conf_path: str,
        patterns: Iterable[str],
        key: str,
        processed_files: set[Path],
        read_environment_variables: bool = False,
    ) -> dict[str, Any]:
        """Read one folder's files for a key, merge and resolve them.

        Args:
            conf_path: the folder.
            patterns: glob patterns below it.
            key: the kind of configuration.
            processed_files: every file read is added to it.
            read_environment_variables: let the files use ``${oc.env:…}``.
        """
        per_file = self._read(str(conf_path), list(patterns), key)
        processed_files.update(Path(path) for path in per_file)
        return self._resolve_environment(per_file, key, environment=read_environment_variables)

    def _patterns(self, key: str) -> list[str]:
        patterns = [str(pattern) for pattern in self.config_patterns[key]]
        # The other usual suffix is as good as the one that the contract shows.
        return [*patterns, "globals.yaml"] if key == "globals" and patterns == _GLOBALS_PATTERNS else patterns

    def _get_conf_env_path(self, env: str) -> str:
        return self._source.folder(env)

    def _read(self, folder: str, patterns: list[str], key: str) -> dict[str, _yaml.Document]:
        """Return the parsed files of a folder, by path."""
        self._source.check(folder)
        paths = self._source.find(folder, patterns)
        if self.ignore_hidden:
            paths = [path for path in paths if not self._is_hidden(path)]
        text_keys = key != "parameters"
        per_file = {path: _yaml.parse(self._source.read(path), path, text_keys=text_keys) for path in paths}
        _merge.refuse_duplicates({path: file.tree for path, file in per_file.items()}, by_leaf=key == "parameters")
        return per_file

    def _is_hidden(self, path: str) -> bool:
        """Tell whether a path leads through a name with a leading dot, environments' own folders aside."""
        parts = self._source.parts(str(path))
        for env in (self.env, self.base_env, self.default_run_env):
            names = tuple(name for name in (env or "").split("/") if name)
            if names and parts[: len(names)] == names:
                parts = parts[len(names) :]
                break
        return any(part.startswith(".") for part in parts)

    def _resolve_environment(
        self, per_file: Mapping[str, _yaml.Document], key: str, *, environment: bool = False
    ) -> dict[str, Any]:
        if not per_file:
            return {}
        scope = self._scope(key, environment=environment or key == "credentials")
        try:
            return self._resolved(per_file, key, scope)
        except Exception as exc:
            # Imported here: only an error needs them.
            from .._notes import add_note
            from . import _explaining

            trees = {path: document.tree for path, document in per_file.items()}
            add_note(exc, _explaining.explanation(exc, key, trees, scope))
            raise

    def _resolved(self, per_file: Mapping[str, _yaml.Document], key: str, scope: _resolvers.Scope) -> dict[str, Any]:
        documents = list(per_file.values())
        guard = key == "catalog" and self.restrict_runtime_params_type_selection
        if key == "parameters":
            if self.runtime_params:
                documents.append(_resolution.document(self.runtime_params))
            return _resolution.resolve(documents, scope)
        if key == "credentials":
            merged = _resolution.resolve_each(documents, scope)
        else:
            merged = _resolution.resolve(documents, scope, guard_types=guard)
        return {name: value for name, value in merged.items() if not name.startswith("_")}

    def _scope(self, key: str, *, environment: bool = False) -> _resolvers.Scope:
        return _resolvers.Scope(
            global_values=self._globals or {},
            runtime_params=None if key == "globals" else self.runtime_params,
            custom=self._custom_resolvers,
            environment=environment,
        )

    def _combine(
        self, key: str, base: Mapping[str, _yaml.Document], over: Mapping[str, _yaml.Document], env_path: str
    ) -> dict[str, Any]:
        config = self._resolve_environment(base, key)
        env_config = self._resolve_environment(over, key)
        given: dict[str, Any] = {}
        if key == "parameters" and self.runtime_params:
            given = _merge.pick(env_config if over else config, self.runtime_params)
            # What only the run gives would otherwise replace whole branches of the base environment.
            own = {name for document in over.values() for name in document.tree}
            env_config = {name: value for name, value in env_config.items() if name in own}
        merge = getattr(self, MERGING_IMPLEMENTATIONS[self._strategy(key)])
        merged: dict[str, Any] = merge(config, env_config, env_path)
        _merge.merge_into(merged, given)
        return merged

    def _strategy(self, key: str) -> MergeStrategies:
        name = self.merge_strategy.get(key, MergeStrategies.DESTRUCTIVE.name)
        try:
            return MergeStrategies[name.upper()]
        except KeyError:
            known = [strategy.name.lower() for strategy in MergeStrategies]
            raise ValueError(
                f"Merging strategy {name} not supported. The accepted merging strategies are {known}."
            ) from None

    @staticmethod
    def _soft_merge(config: dict[str, Any], env_config: dict[str, Any], env_path: str | None = None) -> dict[str, Any]:
        del env_path
        _merge.merge_into(config, env_config)
        return config

    @staticmethod
    def _destructive_merge(
        config: dict[str, Any], env_config: dict[str, Any], env_path: str | None = None
    ) -> dict[str, Any]:
        common = config.keys() & env_config.keys()
        if common:
            _config_logger.debug(
                "Config from path '%s' will override the following existing top-level config keys: %s",
                env_path,
                ", ".join(sorted(map(str, common))),
            )
        config.update(env_config)
        return config


def _filesystem(**options: Any) -> Any:
    # Imported here: only archives and remote sources need it.
    import fsspec

    return fsspec.filesystem(**options)
