"""One node, run against a catalog: load, run, save, confirm, with the hooks in between.

Hook order: for each input ``before_dataset_loaded``, load, ``after_dataset_loaded``; ``before_node_run``; the function
(``on_node_error`` if it raises); ``after_node_run``; for each output ``before_dataset_saved``, save,
``after_dataset_saved``. ``after_node_run`` comes before anything is saved: plugins rely on it.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from types import GeneratorType
from typing import TYPE_CHECKING, Any

from ..io._joint_saves import publishing_together
from ._bootstrap import bootstrap_subprocess, of_framework
from ._hooks import NULL_MANAGER, _NullPluginManager, is_null, tell_of_node_error
from ._inherited import inherited

if TYPE_CHECKING:
    from concurrent.futures import Future

    from pluggy import PluginManager

    from ..pipeline.node import Node
    from ._catalog import Catalog


_ONE_BY_ONE = contextlib.nullcontext()


def __getattr__(name: str) -> Any:
    """Return what tasks use of the framework, which this module must not import; a program may put others here."""
    try:
        return of_framework(name)
    except LookupError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None


class TaskError(Exception):
    """A task failed.

    Attributes:
        node_name: of the node that failed, or None.
        original_exception: what the node or one of its datasets raised, or None.
    """

    def __init__(
        self, message: str = "", node_name: str | None = None, original_exception: BaseException | None = None
    ) -> None:
        super().__init__(message)
        self.node_name = node_name
        self.original_exception = original_exception

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.args[0] if self.args else "", self.node_name, self.original_exception)


def run_bare(node: Node, catalog: Catalog) -> None:
    """Load, run and save without hooks; a third of the time of the same with hooks that do nothing."""
    load, save = catalog.load, catalog.save
    outputs = node.run({name: load(name) for name in node.input_names})
    chunks = _chunks(node, outputs)
    if len(outputs) < 2:
        for name, data in chunks:
            save(name, data)
        return
    with _publishing(chunks, None):
        for name, data in chunks:
            save(name, data)


class Task:
    """One node with what it takes to run it; a callable, so that any executor can run it.

    Args:
        node: the node to run.
        catalog: where it loads from and saves to.
        hook_manager: whose hooks are called; without one, none are.
        is_async: load inputs in parallel threads, and save outputs likewise.
        run_id: given to the hooks.
        parallel: the task runs in another process, where it makes a hook manager for itself.

    The positional order ``(node, catalog, is_async, hook_manager, run_id, parallel)`` of earlier releases is
    understood too: a third argument that is a bool is ``is_async``.
    """

    def __init__(
        self,
        node: Node,
        catalog: Catalog,
        hook_manager: PluginManager | bool | None = None,
        is_async: bool | PluginManager | None = False,
        run_id: str | None = None,
        parallel: bool = False,
    ) -> None:
        # By identity: isinstance would ask an idle hook manager what it is, and have pluggy loaded for it.
        if hook_manager is True or hook_manager is False:
            hook_manager, is_async = (None if is_async is True or is_async is False else is_async), hook_manager
        self._node = node
        self.catalog = catalog
        self.hook_manager = hook_manager
        self.is_async = bool(is_async)
        self.run_id = run_id
        self.parallel = parallel
        # In the other process there is no session to inherit from.
        self._inherited = inherited() if parallel else None

    @property
    def node(self) -> Node:
        """The node that this task runs."""
        return self._node

    @node.setter
    def node(self, node: Node) -> None:
        self._node = node

    def __call__(self) -> Node:
        return self.execute()

    def execute(self) -> Node:
        """Run the node and return it.

        Raises:
            TaskError: from what the node, a dataset or a hook raised, which is its ``original_exception``.
            ValueError: the node cannot be run asynchronously.
        """
        self._check()
        try:
            return self.run_node()
        except TaskError:
            raise
        except Exception as error:
            name = getattr(self._node, "name", str(self._node))
            raise TaskError(f"Node {name!r} failed: {error}", name, error) from error

    def run_node(self) -> Node:
        """Run the node and return it; what it raises comes as it was raised."""
        self._check()
        node, manager = self._node, self.hook_manager
        if self.parallel:
            manager = self._worker_manager()
        elif manager is None:
            if not (hasattr(node, "inputs") and hasattr(self.catalog, "load")):
                raise TaskError(
                    "No hook_manager provided. This is only allowed when running a Task with `parallel=True`."
                )
            manager = NULL_MANAGER  # type: ignore[assignment]  # it answers every call
        run = self._run_node_async if self.is_async else self._run_node_sequential
        run(node, self.catalog, manager, self.run_id)  # type: ignore[arg-type]  # mypy loses the branch above
        for name in node.confirms:
            self.catalog.confirm(name)
        return node

    def _check(self) -> None:
        if self.is_async and _makes_generators(self._node.func):
            raise ValueError(
                "Async data loading and saving does not work with nodes wrapping generator functions. Please make "
                f"sure you don't use `yield` anywhere in node {self._node!s}."
            )

    def _worker_manager(self) -> PluginManager:
        project = self._inherited
        if project is not None and project.prepare_worker is not None:
            project.prepare_worker()
        known = project.package_name if project is not None else None
        return self._run_node_synchronization(
            package_name=known or of_framework("PACKAGE_NAME"), logging_config=of_framework("LOGGING")
        )

    @staticmethod
    def _run_node_synchronization(
        package_name: str | None = None, logging_config: Mapping[str, Any] | None = None
    ) -> PluginManager:
        """Return a hook manager with the hooks of the project and of installed plugins, made in this process.

        A process that was not forked from one where the project is configured is made ready for it first.
        """
        # Imported here: only runs with processes need it.
        import multiprocessing

        if package_name and multiprocessing.get_start_method() in ("spawn", "forkserver"):
            Task._bootstrap_subprocess(package_name, logging_config)
        this: Any = sys.modules[__name__]
        settings = this.settings
        manager: PluginManager = this._create_hook_manager()
        this._register_hooks(manager, settings.HOOKS)
        this._register_hooks_entry_points(manager, settings.DISABLE_HOOKS_FOR_PLUGINS)
        return manager

    @staticmethod
    def _bootstrap_subprocess(package_name: str, logging_config: Mapping[str, Any] | None = None) -> None:
        """Configure the project in this process."""
        bootstrap_subprocess(package_name, logging_config)

    def _run_node_sequential(
        self, node: Node, catalog: Catalog, hook_manager: PluginManager | _NullPluginManager, run_id: str | None = None
    ) -> Node:
        if is_null(hook_manager):
            run_bare(node, catalog)
            return node
        real: Any = hook_manager
        hook = real.hook
        inputs: dict[str, Any] = {}
        for name in node.inputs:
            hook.before_dataset_loaded(dataset_name=name, node=node)
            inputs[name] = data = catalog.load(name)
            hook.after_dataset_loaded(dataset_name=name, data=data, node=node)
        extra = self._collect_inputs_from_hook(node, catalog, inputs, False, real, run_id=run_id)
        inputs.update(extra)
        outputs = self._call_node_run(node, catalog, inputs, False, real, run_id=run_id)
        chunks = _chunks(node, outputs)
        with _publishing(chunks, real):
            for name, data in chunks:
                hook.before_dataset_saved(dataset_name=name, data=data, node=node)
                catalog.save(name, data)
                hook.after_dataset_saved(dataset_name=name, data=data, node=node)
        return node

    def _run_node_async(
        self, node: Node, catalog: Catalog, hook_manager: PluginManager, run_id: str | None = None
    ) -> Node:
        # Imported here: a run without is_async needs no pool.
        from concurrent.futures import ThreadPoolExecutor, as_completed, wait
        from contextvars import copy_context

        with ThreadPoolExecutor() as pool:
            loads: dict[str, Future[Any]] = {
                name: pool.submit(self._synchronous_dataset_load, name, node, catalog, hook_manager)
                for name in node.inputs
            }
            wait(loads.values())
            inputs = {name: load.result() for name, load in loads.items()}
            inputs.update(self._collect_inputs_from_hook(node, catalog, inputs, True, hook_manager, run_id=run_id))
            outputs = self._call_node_run(node, catalog, inputs, True, hook_manager, run_id=run_id)
            saves: dict[Future[None], str] = {}
            with _publishing(outputs.items(), hook_manager):
                for name, data in outputs.items():
                    hook_manager.hook.before_dataset_saved(dataset_name=name, data=data, node=node)
                    saves[pool.submit(copy_context().run, catalog.save, name, data)] = name
                failed: BaseException | None = None
                for save in as_completed(saves):
                    if save.exception() is None:
                        name = saves[save]
                        hook_manager.hook.after_dataset_saved(dataset_name=name, data=outputs[name], node=node)
                    failed = failed or save.exception()
                if failed is not None:
                    raise failed
        return node

    @staticmethod
    def _synchronous_dataset_load(dataset_name: str, node: Node, catalog: Catalog, hook_manager: PluginManager) -> Any:
        """Load one input between its hooks."""
        hook_manager.hook.before_dataset_loaded(dataset_name=dataset_name, node=node)
        data = catalog.load(dataset_name)
        hook_manager.hook.after_dataset_loaded(dataset_name=dataset_name, data=data, node=node)
        return data

    @staticmethod
    def _collect_inputs_from_hook(
        node: Node,
        catalog: Catalog,
        inputs: dict[str, Any],
        is_async: bool,
        hook_manager: PluginManager,
        run_id: str | None = None,
    ) -> dict[str, Any]:
        """Return the inputs that ``before_node_run`` hooks want replaced."""
        answers = hook_manager.hook.before_node_run(
            node=node, catalog=catalog, inputs=dict(inputs), is_async=is_async, run_id=run_id
        )
        replaced: dict[str, Any] = {}
        for answer in answers or ():
            if answer is None:
                continue
            if not isinstance(answer, dict):
                raise TypeError(
                    "'before_node_run' must return either None or a dictionary mapping dataset names to updated "
                    f"values, got '{type(answer).__name__}' instead."
                )
            replaced.update(answer)
        return replaced

    @staticmethod
    def _call_node_run(
        node: Node,
        catalog: Catalog,
        inputs: dict[str, Any],
        is_async: bool,
        hook_manager: PluginManager,
        run_id: str | None = None,
    ) -> dict[str, Any]:
        """Run the node's function between its hooks and return its outputs by name."""
        try:
            outputs: dict[str, Any] = node.run(inputs)
        except Exception as error:
            tell_of_node_error(hook_manager, error, node, catalog, inputs, is_async=is_async, run_id=run_id)
            raise
        hook_manager.hook.after_node_run(
            node=node, catalog=catalog, inputs=inputs, outputs=outputs, is_async=is_async, run_id=run_id
        )
        return outputs


def _publishing(
    chunks: Iterable[tuple[str, Any]], hook_manager: PluginManager | None
) -> contextlib.AbstractContextManager[None]:
    """Return when the outputs of a node appear: all together after the last save, if there are several.

    One by one where somebody may look at them in between: hooks round saves (some take the file itself), and the node's
    own function that yields chunk after chunk.
    """
    if not isinstance(chunks, Sized) or len(chunks) < 2 or _has_save_hooks(hook_manager):
        return _ONE_BY_ONE
    return publishing_together()


def _has_save_hooks(hook_manager: PluginManager | None) -> bool:
    if hook_manager is None:
        return False
    callers = (hook_manager.hook.before_dataset_saved, hook_manager.hook.after_dataset_saved)
    # What is not pluggy's own cannot be asked, so it may have some.
    return any(not hasattr(caller, "get_hookimpls") or caller.get_hookimpls() for caller in callers)


def _chunks(node: Node, outputs: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """Return what to save, in order: the outputs, or chunk by chunk what comes from a generator.

    Other things that iterate are data.
    """
    for data in outputs.values():
        if not isinstance(data, Iterator):
            return outputs.items()
    if _makes_generators(node.func) or all(isinstance(data, GeneratorType) for data in outputs.values()):
        return _interleave(outputs)
    return outputs.items()


def _makes_generators(func: Callable[..., Any]) -> bool:
    # Imported here: few outputs are iterators, and it is slow to import.
    import inspect

    return inspect.isgeneratorfunction(func)


def _interleave(outputs: Mapping[str, Iterator[Any]]) -> Iterator[tuple[str, Any]]:
    """Yield the first chunk of each output, then the second of each, until the shortest ends."""
    names = list(outputs)
    for chunks in zip(*outputs.values(), strict=False):
        yield from zip(names, chunks, strict=True)
