"""Runners as subclasses, plugins and test suites touch them. Collected under the names ``deodar`` and ``kedro``."""

from __future__ import annotations

import functools
import importlib
import inspect
import logging
import pickle
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from .claims import PACKAGE, Refused, check, refusals

io = importlib.import_module(f"{PACKAGE}.io")
runners = importlib.import_module(f"{PACKAGE}.runner")
base = importlib.import_module(f"{PACKAGE}.runner.runner")
task_module = importlib.import_module(f"{PACKAGE}.runner.task")
threads = importlib.import_module(f"{PACKAGE}.runner.thread_runner")
parallel = importlib.import_module(f"{PACKAGE}.runner.parallel_runner")
pipelines = importlib.import_module(f"{PACKAGE}.pipeline")
hooks = importlib.import_module(f"{PACKAGE}.framework.hooks")
hook_managers = importlib.import_module(f"{PACKAGE}.framework.hooks.manager")
node, Pipeline = pipelines.node, pipelines.Pipeline
DataCatalog, MemoryDataset, DatasetError = io.DataCatalog, io.MemoryDataset, io.DatasetError
SharedMemoryDataCatalog = io.SharedMemoryDataCatalog
AbstractRunner, Task, TaskError = runners.AbstractRunner, runners.Task, task_module.TaskError
shared = SharedMemoryDataCatalog
SequentialRunner, ThreadRunner, ParallelRunner = runners.SequentialRunner, runners.ThreadRunner, runners.ParallelRunner


def double(x: Any) -> Any:
    return 2 * x


def add(x: Any, y: Any) -> Any:
    return x + y


def fail(*arguments: Any) -> Any:
    raise ZeroDivisionError("no luck")


def sink(*arguments: Any) -> None:
    return None


def source() -> str:
    return "stuff"


def stream(count: int) -> Iterator[int]:
    yield from range(count)


def chain() -> Any:
    return Pipeline([node(double, "a", "b", name="first"), node(double, "b", "c", name="second")])


def one(func: Any, inputs: Any, outputs: Any, name: str = "n") -> Any:
    return Pipeline([node(func, inputs, outputs, name=name)])


def fan() -> Any:
    return Pipeline([node(double, "a", f"o{n}", name=f"n{n}") for n in range(3)])


class Kept(io.AbstractDataset):  # type: ignore[name-defined,misc]
    """A persistent dataset in a list, so that every save can be seen."""

    def __init__(self, *values: Any) -> None:
        self.values = list(values)
        self.confirmed = 0

    def load(self) -> Any:
        return self.values[-1]

    def save(self, data: Any) -> None:
        self.values.append(data)

    def _exists(self) -> bool:
        return bool(self.values)

    def _describe(self) -> dict[str, Any]:
        return {}


class Confirmable(Kept):
    def confirm(self) -> None:
        self.confirmed += 1


class LoggingDataset(io.AbstractDataset):  # type: ignore[name-defined,misc]
    """Notes loads and releases in a list that may live in another process."""

    def __init__(self, log: Any, name: str, value: Any = None) -> None:
        self.log, self.name, self.value = log, name, value

    def load(self) -> Any:
        self.log.append(("load", self.name))
        return self.value

    def save(self, data: Any) -> None:
        self.value = data

    def _release(self) -> None:
        self.log.append(("release", self.name))
        self.value = None

    def _describe(self) -> dict[str, Any]:
        return {}


class Noting:
    """Hooks that note their calls by name."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    @hooks.hook_impl
    def before_node_run(self, node: Any, inputs: Any, is_async: bool, run_id: Any) -> None:
        self.calls.append(("before_node_run", dict(inputs), is_async, run_id))
        inputs.clear()

    @hooks.hook_impl
    def after_node_run(self, node: Any, inputs: Any, outputs: Any) -> None:
        self.calls.append(("after_node_run", dict(inputs), sorted(outputs)))

    @hooks.hook_impl
    def on_node_error(self, error: Exception, node: Any, inputs: Any) -> None:
        self.calls.append(("on_node_error", type(error).__name__, node.name))

    @hooks.hook_impl
    def before_dataset_loaded(self, dataset_name: str, node: Any) -> None:
        self.calls.append(("before_dataset_loaded", dataset_name))

    @hooks.hook_impl
    def after_dataset_loaded(self, dataset_name: str, data: Any, node: Any) -> None:
        self.calls.append(("after_dataset_loaded", dataset_name))

    @hooks.hook_impl
    def before_dataset_saved(self, dataset_name: str, data: Any, node: Any) -> None:
        self.calls.append(("before_dataset_saved", dataset_name, data))

    @hooks.hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any, node: Any) -> None:
        self.calls.append(("after_dataset_saved", dataset_name, data))

    @property
    def names(self) -> list[str]:
        return [call[0] for call in self.calls]


def manager_of(*plugins: Any) -> Any:
    manager = hook_managers._create_hook_manager()
    for plugin in plugins:
        manager.register(plugin)
    return manager


# --- 1 to 3: signatures, the steps of a run, and what subclasses override ---------------------------------------


@pytest.mark.parametrize(
    ("cls", "expected"),
    [
        (AbstractRunner, {"is_async": False}),
        (SequentialRunner, {"is_async": False}),
        (ThreadRunner, {"max_workers": None, "is_async": False}),
        (ParallelRunner, {"max_workers": None, "is_async": False}),
    ],
)
def test_runners_are_made_with_the_documented_arguments(cls: Any, expected: dict[str, Any]) -> None:
    found = inspect.signature(cls).parameters
    assert {name: parameter.default for name, parameter in found.items()} == expected


def test_the_null_manager_answers_everything_with_nothing() -> None:
    null = base._NullPluginManager()
    assert null and null.hook.anything is null
    assert null.hook.before_node_run(node=1) is None


def test_a_run_registers_what_it_made_and_no_patterns() -> None:
    catalog = DataCatalog({"a": MemoryDataset(1)})
    patterns = catalog.config_resolver.list_patterns()
    first = SequentialRunner().run(chain(), catalog)
    assert {"a", "b", "c"} <= set(catalog.keys())
    assert catalog.config_resolver.list_patterns() == patterns
    assert first == {"c": catalog["c"]} == SequentialRunner().run(chain(), catalog)


def test_persistent_outputs_are_returned_as_their_datasets() -> None:
    kept = Kept()
    assert SequentialRunner().run(chain(), DataCatalog({"a": MemoryDataset(1), "c": kept})) == {"c": kept}


@pytest.mark.parametrize("catalog_class", [DataCatalog, SharedMemoryDataCatalog])
@pytest.mark.parametrize("runner", [SequentialRunner, ThreadRunner])
def test_missing_inputs_and_parameters_are_named_with_the_catalogs_class(catalog_class: Any, runner: Any) -> None:
    pipe = Pipeline([node(add, ["a", "params:b"], "c")])
    with pytest.raises(ValueError, match=rf"not found in the {catalog_class.__name__}") as caught:
        runner().run(pipe, catalog_class())
    assert "'a'" in str(caught.value) and "'params:b'" in str(caught.value)


@pytest.mark.parametrize("runner", [SequentialRunner, ThreadRunner])
def test_an_input_that_a_catch_all_pattern_makes_has_no_data(runner: Any) -> None:
    catalog = DataCatalog.from_config({"{catch_all}": {"type": "MemoryDataset"}})
    with pytest.raises(DatasetError, match="Data for MemoryDataset has not been saved yet"):
        runner().run(chain(), catalog)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (
            SequentialRunner,
            [
                "Using synchronous mode for loading and saving data. Use the --async flag for potential performance "
                "gains.",
                "Completed node: first",
                "Completed 1 out of 2 tasks",
                "Completed node: second",
                "Completed 2 out of 2 tasks",
                "Pipeline execution completed successfully in 0.0 sec.",
            ],
        ),
        (
            lambda: SequentialRunner(is_async=True),
            [
                "Asynchronous mode is enabled for loading and saving data.",
                "Completed node: first",
                "Completed 1 out of 2 tasks",
                "Completed node: second",
                "Completed 2 out of 2 tasks",
                "Pipeline execution completed successfully in 0.0 sec.",
            ],
        ),
        (
            ThreadRunner,
            [
                "Completed node: first",
                "Completed 1 out of 2 tasks",
                "Completed node: second",
                "Completed 2 out of 2 tasks",
                "Pipeline execution completed successfully in 0.0 sec.",
            ],
        ),
    ],
    ids=["sequential", "async", "threads"],
)
def test_a_run_logs_its_progress(make: Any, expected: list[str], caplog: pytest.LogCaptureFixture) -> None:
    runner = make()
    with caplog.at_level(logging.INFO, logger=PACKAGE):
        runner.run(chain(), DataCatalog({"a": MemoryDataset(1)}))
    found = [r.getMessage() for r in caplog.records if r.name == runner._logger.name]
    assert [line.split(" See https")[0].split(" in ")[0] for line in found] == [
        line.split(" in ")[0] for line in expected
    ]
    assert runner._logger.name == type(runner).__module__


def test_a_run_of_nothing_completes_too(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger=PACKAGE):
        assert SequentialRunner().run(Pipeline([]), DataCatalog()) == {}
    assert "Pipeline execution completed successfully in 0.0 sec." in caplog.text


@pytest.mark.parametrize(
    ("cpus", "platform", "given", "expected"),
    [
        (4, "linux", None, 4),
        (None, "linux", None, 1),
        (100, "win32", None, 61),
        (100, "linux", None, 100),
        (100, "win32", 100, 100),
        (1, "linux", 2, 2),
    ],
)
def test_workers_are_counted(mocker: Any, cpus: Any, platform: str, given: Any, expected: int) -> None:
    mocker.patch("os.cpu_count", return_value=cpus)
    mocker.patch("sys.platform", platform)
    assert AbstractRunner._validate_max_workers(given) == expected


@refusals(
    (lambda: AbstractRunner._validate_max_workers(0), ValueError, "max_workers should be positive"),
    (lambda: AbstractRunner._validate_max_workers(-1), ValueError, "max_workers should be positive"),
    (lambda: AbstractRunner._validate_max_workers("4"), TypeError, ""),
    (lambda: ParallelRunner(max_workers=-5), ValueError, "max_workers should be positive"),
    (
        lambda: AbstractRunner._raise_runtime_error({1}, set(), set(), set()),
        RuntimeError,
        "Unable to schedule new tasks although some nodes have not been run:",
    ),
)
def test_runner_refuses(row: Refused) -> None:
    check(row)


@pytest.mark.parametrize(("cpus", "given", "expected"), [(4, None, 3), (2, None, 2), (1, 2, 2)])
def test_the_pool_of_threads_is_as_large_as_needed(mocker: Any, cpus: int, given: Any, expected: int) -> None:
    mocker.patch("os.cpu_count", return_value=cpus)
    pool = mocker.patch(f"{PACKAGE}.runner.thread_runner.ThreadPoolExecutor", wraps=ThreadPoolExecutor)
    ThreadRunner(max_workers=given).run(fan(), DataCatalog({"a": MemoryDataset(1)}))
    pool.assert_called_once_with(max_workers=expected)


@pytest.mark.parametrize(("cpus", "given", "expected"), [(4, None, 3), (2, None, 2), (1, 2, 2)])
def test_the_pool_of_processes_is_as_large_as_needed(mocker: Any, cpus: int, given: Any, expected: int) -> None:
    mocker.patch("os.cpu_count", return_value=cpus)
    original = parallel.ProcessPoolExecutor
    pool = mocker.patch(f"{PACKAGE}.runner.parallel_runner.ProcessPoolExecutor", wraps=original)
    ParallelRunner(max_workers=given).run(fan(), shared({"a": MemoryDataset(1)}))
    assert pool.call_count == 1
    assert pool.call_args.kwargs["max_workers"] == expected


@pytest.mark.parametrize("make", [lambda: ThreadRunner(2), lambda: ParallelRunner(2)], ids=["threads", "processes"])
def test_dependencies_that_nothing_can_meet_are_an_error(mocker: Any, make: Any) -> None:
    pipe = chain()
    strange = node(sink, "x", "y", name="strange")
    mocker.patch(
        f"{PACKAGE}.pipeline.Pipeline.node_dependencies",
        new_callable=mocker.PropertyMock,
        return_value={each: {strange} for each in pipe.nodes},
    )
    with pytest.raises(RuntimeError, match="Unable to schedule new tasks although some nodes have not been run"):
        make().run(pipe, shared({"a": MemoryDataset(1)}))


def test_what_subclasses_override_is_called_in_order() -> None:
    called: list[str] = []

    class Own(AbstractRunner):  # type: ignore[misc,valid-type]
        def _run(self, pipeline: Any, catalog: Any, hook_manager: Any = None, run_id: Any = None) -> None:
            super()._run(pipeline, catalog, hook_manager, run_id)

        def _validate_catalog(self, catalog: Any) -> None:
            called.append("catalog")

        def _validate_nodes(self, nodes: Any) -> None:
            called.append(f"nodes {[each.name for each in nodes]}")

        def _set_manager_datasets(self, catalog: Any) -> None:
            called.append("datasets")

        def _get_required_workers_count(self, pipeline: Any) -> int:
            called.append(f"workers {super()._get_required_workers_count(pipeline)}")
            return 7

        def _get_executor(self, max_workers: int) -> Any:
            called.append(f"executor {max_workers}")
            return None

    Own().run(chain(), DataCatalog({"a": MemoryDataset(1)}))
    assert called == ["catalog", "nodes ['first', 'second']", "datasets", "workers 1", "executor 7"]


def test_released_datasets_are_those_nobody_reads_again() -> None:
    released: list[str] = []

    class Releasing(DataCatalog):  # type: ignore[misc,valid-type]
        def release(self, dataset: str) -> None:
            released.append(dataset)

    pipe = chain()
    counts = Counter(name for each in pipe.nodes for name in each.inputs)
    for each in pipe.nodes:
        AbstractRunner._release_datasets(each, Releasing(), counts, pipe)
    assert released == ["b"]


# --- 4: tasks and hooks -----------------------------------------------------------------------------------------


def task_of(func: Any, inputs: Any, outputs: Any, catalog: Any, *plugins: Any, **options: Any) -> Any:
    made = node(func, inputs, outputs, name="n", **options)
    return Task(node=made, catalog=catalog, is_async=False, hook_manager=manager_of(*plugins), run_id="r")


def test_a_tasks_parts_can_be_read_and_written() -> None:
    task = Task(node=1, catalog=2, is_async=True, hook_manager=3, run_id="r", parallel=True)
    assert (task.node, task.catalog, task.is_async, task.hook_manager, task.run_id, task.parallel) == (
        1,
        2,
        True,
        3,
        "r",
        True,
    )
    for name in ("node", "catalog", "is_async", "hook_manager", "run_id", "parallel"):
        setattr(task, name, None)
        assert getattr(task, name) is None


def test_a_task_of_things_that_do_not_run_needs_a_manager(mocker: Any) -> None:
    with pytest.raises(TaskError, match="No hook_manager provided"):
        Task(node=mocker.sentinel.node, catalog=mocker.sentinel.catalog, is_async=False).execute()


def test_hooks_see_the_contracts_order_and_arguments() -> None:
    noting = Noting()
    catalog = DataCatalog({"a": MemoryDataset(1), "b": Kept(), "c": Kept()})
    assert task_of(lambda x, y: (x, y), ["a", "a"], ["b", "c"], catalog, noting).execute().name == "n"
    assert noting.calls == [
        ("before_dataset_loaded", "a"),
        ("after_dataset_loaded", "a"),
        ("before_dataset_loaded", "a"),
        ("after_dataset_loaded", "a"),
        ("before_node_run", {"a": 1}, False, "r"),
        ("after_node_run", {"a": 1}, ["b", "c"]),
        ("before_dataset_saved", "b", 1),
        ("after_dataset_saved", "b", 1),
        ("before_dataset_saved", "c", 1),
        ("after_dataset_saved", "c", 1),
    ]


class Answer:
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    @hooks.hook_impl
    def before_node_run(self) -> Any:
        return self.answer


def test_the_hook_registered_first_has_the_last_word_on_inputs() -> None:
    kept = Kept()
    task_of(
        double, "a", "b", DataCatalog({"a": Kept(1), "b": kept}), Answer({"a": 10}), Answer({"a": 20}), Answer(None)
    ).execute()
    assert kept.values == [20]


@pytest.mark.parametrize("answer", [[], "x", 0])
def test_a_hooks_other_answers_are_refused(answer: Any) -> None:
    pipe = Pipeline([node(double, "a", "b")])
    with pytest.raises(TypeError, match=f"updated values, got '{type(answer).__name__}' instead."):
        SequentialRunner().run(pipe, DataCatalog({"a": Kept(1)}), manager_of(Answer(answer)))


def test_a_hook_cannot_add_inputs() -> None:
    with pytest.raises(ValueError, match="expected one input named 'a'"):
        SequentialRunner().run(chain(), DataCatalog({"a": Kept(1)}), manager_of(Answer({"z": 1})))


def test_a_hook_may_replace_the_function() -> None:
    class Swap:
        @hooks.hook_impl
        def before_node_run(self, node: Any) -> None:
            node.func = lambda x: "swapped"

    result = SequentialRunner().run(Pipeline([node(double, "a", "b")]), DataCatalog({"a": Kept(1)}), manager_of(Swap()))
    assert result["b"].load() == "swapped"


class Unreadable(Kept):
    def load(self) -> Any:
        raise OSError("cannot read")


class Unwritable(Kept):
    def save(self, data: Any) -> None:
        raise OSError("cannot write")


class HookFails:
    @hooks.hook_impl
    def after_node_run(self) -> None:
        raise KeyError("hook")


@pytest.mark.parametrize(
    ("func", "catalog", "plugins", "options", "error", "says"),
    [
        (double, {"a": Unreadable(1)}, [], {}, DatasetError, "Failed while loading data from dataset"),
        (double, {"a": Kept(1), "b": Unwritable()}, [], {}, DatasetError, "Failed while saving data to dataset"),
        (double, {"a": Kept(1)}, [HookFails()], {}, KeyError, "hook"),
        (sink, {"a": Kept(1)}, [], {}, DatasetError, "Saving 'None' to a 'Dataset' is not allowed"),
        (double, {"a": Kept(1)}, [], {"confirms": "a"}, DatasetError, "does not have 'confirm' method"),
        (double, {"a": Kept(1)}, [], {"confirms": "zz"}, io.DatasetNotFoundError, "zz"),
    ],
)
@pytest.mark.parametrize("is_async", [False, True])
def test_only_the_function_s_errors_reach_on_node_error(
    func: Any, catalog: Any, plugins: Any, options: Any, error: Any, says: str, is_async: bool
) -> None:
    noting = Noting()
    pipe = Pipeline([node(func, "a", "b", name="n", **options)])
    with pytest.raises(error, match=says):
        SequentialRunner(is_async=is_async).run(pipe, DataCatalog(dict(catalog)), manager_of(noting, *plugins))
    assert "on_node_error" not in noting.names


def test_confirmation_comes_after_all_saves(mocker: Any) -> None:
    kept = Confirmable(1)
    task_of(double, "a", "b", DataCatalog({"a": kept, "b": MemoryDataset()}), confirms="a").execute()
    assert kept.confirmed == 1
    dataset = mocker.Mock()
    dataset.load.return_value = 1
    catalog = DataCatalog({"a": MemoryDataset(1), "b": MemoryDataset()})
    mocker.patch.object(catalog, "get", return_value=dataset)
    task_of(double, "a", "b", catalog, confirms="a").execute()
    dataset.confirm.assert_called_once_with()
    dataset.save.assert_called_once_with(2)


def test_the_catalog_is_asked_for_each_dataset(mocker: Any) -> None:
    dataset = mocker.Mock()
    dataset.load.return_value = 3
    catalog = DataCatalog({"a": MemoryDataset(1), "b": MemoryDataset()})
    mocker.patch.object(catalog, "get", return_value=dataset)
    SequentialRunner().run(Pipeline([node(stream, "a", "b")]), catalog)
    assert [call.args for call in dataset.save.call_args_list] == [(0,), (1,), (2,)]


def test_a_task_in_another_process_makes_its_hook_manager_there(mocker: Any) -> None:
    made = mocker.patch.object(Task, "_run_node_synchronization", return_value=manager_of())
    kept = Kept()
    task = Task(node(double, "a", "b", name="n"), DataCatalog({"a": Kept(1), "b": kept}), is_async=False, parallel=True)
    task()
    assert set(made.call_args.kwargs) == {"package_name", "logging_config"}
    assert kept.values == [2]


@pytest.mark.parametrize(("method", "bootstraps"), [("spawn", True), ("forkserver", True), ("fork", False)])
def test_a_fresh_process_is_given_the_project(mocker: Any, method: str, bootstraps: bool) -> None:
    mocker.patch("multiprocessing.get_start_method", return_value=method)
    configure = mocker.patch(f"{PACKAGE}.framework.project.configure_project")
    dict_config = mocker.patch("logging.config.dictConfig")
    manager = Task._run_node_synchronization(package_name="mine", logging_config={"version": 1})
    assert hasattr(manager, "hook")
    assert configure.call_args_list == ([mocker.call("mine")] if bootstraps else [])
    assert [call.args for call in dict_config.call_args_list][:1] == ([({"version": 1},)] if bootstraps else [])


def test_a_fresh_process_without_a_package_is_left_alone(mocker: Any) -> None:
    mocker.patch("multiprocessing.get_start_method", return_value="spawn")
    bootstrap = mocker.patch.object(Task, "_bootstrap_subprocess")
    Task._run_node_synchronization()
    assert not bootstrap.called


def test_the_steps_of_a_task_can_be_used_one_by_one() -> None:
    noting = Noting()
    manager = manager_of(noting)
    catalog = DataCatalog({"a": MemoryDataset(4)})
    mine = node(double, "a", "b", name="n")
    assert Task._synchronous_dataset_load("a", mine, catalog, manager) == 4
    assert Task._collect_inputs_from_hook(mine, catalog, {"a": 4}, False, manager, run_id="r") == {}
    assert Task._call_node_run(mine, catalog, {"a": 4}, False, manager, run_id="r") == {"b": 8}
    assert noting.names == ["before_dataset_loaded", "after_dataset_loaded", "before_node_run", "after_node_run"]


def test_a_subclass_of_task_may_replace_the_way_nodes_run() -> None:
    class Direct(Task):  # type: ignore[misc,valid-type]
        def _run_node_sequential(self, node: Any, catalog: Any, hook_manager: Any, run_id: Any = None) -> Any:
            inputs = {name: catalog.load(name) for name in node.inputs}
            inputs.update(self._collect_inputs_from_hook(node, catalog, inputs, False, hook_manager, run_id))
            for name, data in self._call_node_run(node, catalog, inputs, False, hook_manager, run_id).items():
                catalog.save(name, ["direct", data])
            return node

    kept = Kept()
    Direct(
        node=node(double, "a", "b"),
        catalog=DataCatalog({"a": Kept(1), "b": kept}),
        is_async=False,
        hook_manager=manager_of(),
    ).execute()
    assert kept.values == [["direct", 2]]


def test_async_saves_that_can_finish_do() -> None:
    kept = Kept()
    catalog = DataCatalog({"a": Kept(1), "b": Unwritable(), "c": kept})
    pipe = Pipeline([node(lambda x: (x, x), "a", ["b", "c"], name="n")])
    with pytest.raises(DatasetError, match="cannot write"):
        SequentialRunner(is_async=True).run(pipe, catalog)
    assert kept.values == [1]


def test_async_loads_raise_the_first_error_in_the_order_of_inputs() -> None:
    class Named(Unreadable):
        def load(self) -> Any:
            raise OSError(self.values[0])

    catalog = DataCatalog({"a": Named("first"), "b": Named("second")})
    with pytest.raises(DatasetError, match="first"):
        SequentialRunner(is_async=True).run(Pipeline([node(add, ["a", "b"], "c")]), catalog)


def test_async_hooks_are_told_so() -> None:
    noting = Noting()
    SequentialRunner(is_async=True).run(chain(), DataCatalog({"a": MemoryDataset(1)}), manager_of(noting), "r7")
    assert [call[2:] for call in noting.calls if call[0] == "before_node_run"] == [(True, "r7")] * 2


# --- 5: generators ----------------------------------------------------------------------------------------------


def decorated(func: Any) -> Any:
    @functools.wraps(func)
    def wrapper(*args: Any) -> Any:
        return func(*args)

    return wrapper


@pytest.mark.parametrize(
    ("func", "saved"),
    [
        (stream, [0, 1, 2]),
        (functools.partial(stream), [0, 1, 2]),
        (decorated(stream), [0, 1, 2]),
        (lambda count: (n for n in range(count)), [0, 1, 2]),
        (lambda count: iter(range(count)), "one"),
        (lambda count: zip(range(count), "abc", strict=True), "one"),
        (lambda count: list(range(count)), "one"),
    ],
)
def test_generators_are_saved_chunk_by_chunk_and_other_iterators_whole(func: Any, saved: Any) -> None:
    kept = Kept()
    SequentialRunner().run(
        Pipeline([node(func, "n", "out", name="x")]), DataCatalog({"n": MemoryDataset(3), "out": kept})
    )
    assert len(kept.values) == 1 if saved == "one" else kept.values == saved


def test_a_generator_that_fails_leaves_earlier_chunks_and_no_node_error() -> None:
    def broken(count: int) -> Iterator[int]:
        yield 1
        raise KeyError("late")

    noting, kept = Noting(), Kept()
    with pytest.raises(KeyError, match="late"):
        SequentialRunner().run(
            Pipeline([node(broken, "n", "out")]), DataCatalog({"n": MemoryDataset(3), "out": kept}), manager_of(noting)
        )
    assert kept.values == [1] and "on_node_error" not in noting.names


def test_generators_through_partials_do_not_go_with_async() -> None:
    with pytest.raises(ValueError, match="nodes wrapping generator functions"):
        SequentialRunner(is_async=True).run(
            Pipeline([node(functools.partial(stream), "a", "b", name="n")]), DataCatalog({"a": MemoryDataset(1)})
        )


# --- 6: releases ------------------------------------------------------------------------------------------------


def relay(x: Any) -> Any:
    return "stuff"


RELEASES = [
    (
        lambda: Pipeline([node(relay, "in", "middle"), node(relay, "middle", "out")]),
        ["in", "middle"],
        [("load", "in"), ("load", "middle"), ("release", "middle")],
    ),
    (
        lambda: Pipeline([node(source, None, "first"), node(relay, "first", "second"), node(sink, "second", None)]),
        ["first", "second"],
        [("load", "first"), ("release", "first"), ("load", "second"), ("release", "second")],
    ),
    (
        lambda: Pipeline(
            [node(source, None, "ds"), node(sink, "ds", None, name="s1"), node(sink, "ds", None, name="s2")]
        ),
        ["ds"],
        [("load", "ds"), ("load", "ds"), ("release", "ds")],
    ),
    (
        lambda: Pipeline([node(source, None, "ds@save"), node(sink, "ds@load", None)]),
        ["ds@save", "ds@load"],
        [("release", "ds@save"), ("load", "ds@load"), ("release", "ds@load")],
    ),
]


@pytest.mark.parametrize(("make", "names", "expected"), RELEASES)
@pytest.mark.parametrize("runner", [SequentialRunner, lambda: ThreadRunner(max_workers=1)])
def test_datasets_are_released_right_after_their_last_reader(
    make: Any, names: list[str], expected: Any, runner: Any
) -> None:
    log: list[Any] = []
    catalog = DataCatalog({name: LoggingDataset(log, name, "stuff") for name in names})
    runner().run(make(), catalog)
    assert log == expected


@pytest.mark.parametrize(("make", "names", "expected"), RELEASES)
def test_datasets_in_a_manager_are_released_too(make: Any, names: list[str], expected: Any) -> None:
    runner = ParallelRunner(max_workers=1)
    log = runner._manager.list()
    catalog = shared({name: runner._manager.LoggingDataset(log, name, "stuff") for name in names})
    runner.run(make(), catalog)
    assert list(log) == expected


parallel.ParallelRunnerManager.register("LoggingDataset", LoggingDataset)


# --- 7: only_missing_outputs ------------------------------------------------------------------------------------


def four() -> Any:
    """a -> b -> c and a -> d: what runs depends on what is there."""
    return Pipeline(
        [
            node(double, "a", "b", name="nb"),
            node(double, "b", "c", name="nc"),
            node(double, "a", "d", name="nd"),
        ]
    )


@pytest.mark.parametrize(
    ("present", "absent", "memory", "expected"),
    [
        ("", "", "", []),
        ("", "", "b c d", []),
        ("", "b c d", "", ["nb", "nc", "nd"]),
        ("b", "c", "", ["nc"]),
        ("c", "b", "", ["nb"]),
        ("d", "c", "b", ["nb", "nc"]),
        ("c", "d", "b", ["nd"]),
        ("b c d", "", "", []),
    ],
)
def test_only_nodes_with_missing_outputs_run(present: str, absent: str, memory: str, expected: list[str]) -> None:
    datasets = {name: Kept(1) for name in present.split()} | {name: Kept() for name in absent.split()}
    datasets |= {name: MemoryDataset(5) for name in memory.split()}
    filtered = SequentialRunner()._filter_pipeline_for_missing_outputs(
        four(), DataCatalog({"a": MemoryDataset(1), **datasets})
    )
    assert sorted(each.name for each in filtered.nodes) == expected


def test_more_rules_of_missing_outputs() -> None:
    multi = Pipeline(
        [
            node(lambda x: (x, x), "a", ["b", "c"], name="m"),
            node(sink, "e", None, name="s"),
            node(double, "a", "e", name="e"),
        ]
    )
    runner = SequentialRunner()
    catalog = DataCatalog({"b": Kept(1), "c": Kept(), "e": MemoryDataset(1)})
    assert sorted(n.name for n in runner._filter_pipeline_for_missing_outputs(multi, catalog).nodes) == ["e", "m", "s"]
    cached = DataCatalog({"b": io.CachedDataset(Kept()), "a": MemoryDataset(1)})
    assert runner._filter_pipeline_for_missing_outputs(Pipeline([node(double, "a", "b")]), cached).nodes == []
    pattern = DataCatalog.from_config({"{x}_mem": {"type": "MemoryDataset"}})
    assert runner._filter_pipeline_for_missing_outputs(Pipeline([node(double, "a", "b_mem")]), pattern).nodes == []


def test_the_filter_is_asked_once_and_only_when_wanted(mocker: Any) -> None:
    runner = SequentialRunner()
    spy = mocker.spy(runner, "_filter_pipeline_for_missing_outputs")
    runner.run(chain(), DataCatalog({"a": MemoryDataset(1)}))
    assert spy.call_count == 0
    runner.run(chain(), DataCatalog({"a": MemoryDataset(1)}), only_missing_outputs=True)
    assert spy.call_count == 1


def test_the_filter_goes_through_the_functions_of_the_module(mocker: Any) -> None:
    spy = mocker.spy(base, "_is_dataset_ephemeral_or_missing")
    catalog = DataCatalog({"a": MemoryDataset(1), "b": Kept(1), "c": Kept()})
    SequentialRunner().run(chain(), catalog, only_missing_outputs=True)
    spy.assert_called_once_with("b", catalog)


def test_the_filter_tells_why_and_what(caplog: pytest.LogCaptureFixture) -> None:
    pipe = four() + Pipeline([node(sink, "d", None, name="end")])
    catalog = DataCatalog({"a": MemoryDataset(1), "c": Kept(), "b": MemoryDataset(1), "d": Kept(1)})
    with caplog.at_level(logging.DEBUG, logger=PACKAGE):
        SequentialRunner().run(pipe, catalog, only_missing_outputs=True)
    for said in (
        "Node 'end' must run: has no outputs",
        "has missing output 'c'",
        "produces 'b' needed by running child 'nc'",
        "Skipping 1 nodes with existing outputs: nd",
        "Running 3 out of 4 nodes",
    ):
        assert said in caplog.text


def test_errors_of_the_catalog_reach_the_caller(mocker: Any) -> None:
    catalog = DataCatalog({"a": MemoryDataset(1), "b": Kept()})
    mocker.patch.object(catalog, "exists", side_effect=OSError("no disk"))
    with pytest.raises(OSError, match="no disk"):
        SequentialRunner().run(chain(), catalog, only_missing_outputs=True)


# --- 8: the resume hint -----------------------------------------------------------------------------------------


def two_branches() -> Any:
    return Pipeline(
        [
            node(double, "ds0_A", "_1", name="node1"),
            node(double, "ds0_B", "_2", name="node2"),
            node(double, "_1", "_3", name="node3"),
            node(add, ["_2", "_3"], "_4", name="node4"),
        ]
    )


def triangle() -> Any:
    return Pipeline(
        [
            node(double, "ds0", "_1", name="node1"),
            node(double, "_1", "ds2", name="node2"),
            node(add, ["ds2", "_1"], "_3", name="node3"),
        ]
    )


def crossing() -> Any:
    return Pipeline(
        [
            node(double, "ds0_A", "_1_A", name="node1_A"),
            node(double, "ds0_B", "_1_B", name="node1_B"),
            node(add, ["_1_A", "_1_B"], "ds2", name="node2"),
            node(double, "ds2", "_3_A", name="node3_A"),
            node(double, "ds2", "_3_B", name="node3_B"),
            node(double, "_3_A", "_4_A", name="node4_A"),
            node(double, "_3_B", "_4_B", name="node4_B"),
        ]
    )


@pytest.mark.parametrize(
    ("make", "unfinished", "expected"),
    [
        (two_branches, ["node4"], {"node1", "node2"}),
        (two_branches, ["node3", "node4"], {"node1", "node2"}),
        (two_branches, [], set()),
        (triangle, ["node3"], {"node1"}),
        (triangle, ["node2", "node3"], {"node1"}),
        (crossing, ["node4_A"], {"node3_A"}),
        (crossing, ["node3_A", "node4_A"], {"node3_A"}),
        (crossing, ["node2", "node3_A", "node3_B", "node4_A", "node4_B"], {"node1_A", "node1_B"}),
    ],
)
def test_a_run_is_resumed_from_the_nearest_persistent_data(
    make: Any, unfinished: list[str], expected: set[str]
) -> None:
    pipe = make()
    catalog = DataCatalog({name: Kept(1) for name in pipe.datasets() if name.startswith("ds")})
    left = set(pipe.only_nodes(*unfinished).nodes) if unfinished else set()
    assert base._find_nodes_to_resume_from(pipe, left, catalog) == expected
    required = base._find_all_nodes_for_resumed_pipeline(pipe, left, catalog)
    assert set(pipe.from_nodes(*expected).nodes) == required if expected else not required


def test_a_failed_run_tells_how_to_go_on(caplog: pytest.LogCaptureFixture) -> None:
    pipe = Pipeline(
        [node(double, "a", "b", name="one"), node(fail, "b", "c", name="two"), node(fail, "b", "d", name="too")]
    )
    with pytest.raises(ZeroDivisionError):
        SequentialRunner().run(pipe, DataCatalog({"a": MemoryDataset(1), "b": Kept()}))
    said = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
    assert len(said) == 1
    assert said[0].startswith("There are 2 nodes that have not run.\n")
    assert said[0].splitlines()[-1] == '  --from-nodes "too,two"'


def test_a_run_that_never_began_says_so(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ZeroDivisionError):
        SequentialRunner().run(Pipeline([node(fail, "a", "b")]), DataCatalog({"a": MemoryDataset(1)}))
    assert "No nodes ran." in caplog.text


def test_a_dataset_without_the_usual_attributes_does_not_hide_the_error() -> None:
    class Duck:
        def load(self) -> Any:
            return 1

        def save(self, data: Any) -> None:
            return None

        def exists(self) -> bool:
            return True

        def release(self) -> None:
            return None

    pipe = Pipeline([node(double, "a", "b", name="one"), node(fail, "b", "c", name="two")])
    with pytest.raises(ZeroDivisionError):
        SequentialRunner().run(pipe, DataCatalog({"a": Duck(), "b": Duck()}))


# --- 9: the parallel runner -------------------------------------------------------------------------------------


def test_the_manager_is_there_right_after_construction() -> None:
    runner = ParallelRunner(max_workers=1)
    assert list(runner._manager.list([1])) == [1]


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_the_environment_chooses_the_start_method(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    monkeypatch.setenv("KEDRO_MP_CONTEXT", method)
    pool = ParallelRunner(max_workers=1)._get_executor(max_workers=1)
    assert pool._mp_context.get_start_method() == method
    pool.shutdown()


@pytest.mark.parametrize("method", ["", "nonsense"])
def test_other_start_methods_are_the_systems(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    import multiprocessing

    monkeypatch.setenv("KEDRO_MP_CONTEXT", method)
    pool = ParallelRunner(max_workers=1)._get_executor(max_workers=1)
    assert pool._mp_context.get_start_method() == multiprocessing.get_context().get_start_method()
    pool.shutdown()


class SingleProcess(Kept):
    _SINGLE_PROCESS = True


def unpicklable() -> Any:
    dataset = Kept(1)
    dataset.values.append(lambda: None)
    return dataset


@refusals(
    (
        lambda: ParallelRunner(1).run(one(lambda x: x, "a", "b", "lam"), shared({"a": Kept(1)})),
        AttributeError,
        "The following nodes cannot be serialised: [Node(<lambda>, 'a', 'b', 'lam')]",
    ),
    (
        lambda: ParallelRunner._validate_nodes(
            [node(lambda x: x, "a", "b", name="z"), node(lambda x: x, "a", "c", name="y"), node(double, "a", "c")]
        ),
        AttributeError,
        "The following nodes cannot be serialised: [Node(<lambda>, 'a', 'c', 'y'), Node(<lambda>, 'a', 'b', 'z')]",
    ),
    (
        lambda: ParallelRunner(1).run(chain(), shared({"a": SingleProcess(1)})),
        AttributeError,
        "The following datasets cannot be used with multiprocessing: ['a']",
    ),
    (
        lambda: ParallelRunner(1).run(chain(), shared({"a": unpicklable()})),
        AttributeError,
        "The following datasets cannot be used with multiprocessing: ['a']",
    ),
    (
        lambda: ParallelRunner(1).run(chain(), shared({"a": Kept(1), "b": SingleProcess(), "z": SingleProcess()})),
        AttributeError,
        "The following datasets cannot be used with multiprocessing: ['b', 'z']",
    ),
    (
        lambda: ParallelRunner(1).run(one(threading.Lock, None, "b", "n"), shared({})),
        DatasetError,
        "cannot be serialised. ParallelRunner implicit memory datasets can only be used with serialisable data",
    ),
    (
        lambda: ParallelRunner(1).run(one(sink, "a", "b", "n"), shared({"a": Kept(1)})),
        DatasetError,
        "Saving 'None' to a 'Dataset' is not allowed",
    ),
    (lambda: ParallelRunner(1).run(chain(), shared({})), ValueError, "not found in the SharedMemoryDataCatalog"),
    (lambda: ParallelRunner(1).run(chain(), DataCatalog()), ValueError, "not found in the DataCatalog"),
    (
        lambda: ParallelRunner(1, is_async=True).run(one(stream, "a", "b", "n"), shared({"a": Kept(1)})),
        ValueError,
        "nodes wrapping generator functions",
    ),
)
def test_the_parallel_runner_refuses(row: Refused) -> None:
    check(row)


@pytest.mark.parametrize("is_async", [False, True])
def test_the_parallel_runner_computes(is_async: bool) -> None:
    catalog = shared({"a": MemoryDataset(3), "unused": Kept()})
    result = ParallelRunner(max_workers=2, is_async=is_async).run(chain() + fan(), catalog)
    assert {name: dataset.load() for name, dataset in result.items()} == {"c": 12, "o0": 6, "o1": 6, "o2": 6}


def test_independent_failures_are_all_told_to_the_project_s_hooks(tmp_path: Path, mocker: Any) -> None:
    project = importlib.import_module(f"{PACKAGE}.framework.project")
    mocker.patch.object(project.settings, "HOOKS", (Marking(tmp_path),), create=True)
    pipe = Pipeline([node(fail, "a", "b", name="one"), node(fail, "a", "c", name="two")])
    with pytest.raises(ZeroDivisionError, match="no luck"):
        ParallelRunner(max_workers=1).run(pipe, shared({"a": MemoryDataset(1)}), manager_of(Marking(tmp_path)))
    assert {path.name for path in tmp_path.iterdir()} == {"one", "two"}


class Marking:
    """Leaves a file for each failed node."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @hooks.hook_impl
    def on_node_error(self, node: Any) -> None:
        (self.folder / node.name).write_text("")


def test_runners_travel_by_pickle() -> None:
    again = pickle.loads(pickle.dumps(ParallelRunner(max_workers=2)))
    assert again.run(chain(), DataCatalog({"a": MemoryDataset(1)}))["c"].load() == 4


def test_modules_of_runners_are_those_that_tests_patch() -> None:
    for name in ("runner", "task", "sequential_runner", "thread_runner", "parallel_runner"):
        assert f"{PACKAGE}.runner.{name}" in sys.modules
    assert base._MAX_WINDOWS_WORKERS == 61
