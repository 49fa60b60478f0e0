"""The runner API, statement by statement. Collected under the name ``deodar`` and, by a drop-in, ``kedro``."""

from __future__ import annotations

import importlib
import inspect
import logging
import multiprocessing
import os
import pickle
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing.managers import SyncManager
from pathlib import Path
from typing import Any

import pytest

PACKAGE = os.environ.get("DEODAR_TEST_PACKAGE", "deodar")

io = importlib.import_module(f"{PACKAGE}.io")
runners = importlib.import_module(f"{PACKAGE}.runner")
base = importlib.import_module(f"{PACKAGE}.runner.runner")
parallel = importlib.import_module(f"{PACKAGE}.runner.parallel_runner")
pipelines = importlib.import_module(f"{PACKAGE}.pipeline")
node, Pipeline = pipelines.node, pipelines.Pipeline
DataCatalog, MemoryDataset, DatasetError = io.DataCatalog, io.MemoryDataset, io.DatasetError
AbstractRunner, Task, TaskError = runners.AbstractRunner, runners.Task, base.TaskError
SequentialRunner, ThreadRunner = runners.SequentialRunner, runners.ThreadRunner
ParallelRunner = parallel.ParallelRunner
ParallelRunnerManager = parallel.ParallelRunnerManager


def double(x: int) -> int:
    return 2 * x


def add(x: int, y: int) -> int:
    return x + y


def fail(x: Any) -> Any:
    raise ZeroDivisionError("no luck")


def nothing(x: Any) -> None:
    return None


class FileDataset(io.AbstractDataset):  # type: ignore[name-defined,misc]
    """Text in a file: something persistent that can be missing."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def load(self) -> Any:
        return int(self._path.read_text())

    def save(self, data: Any) -> None:
        self._path.write_text(str(data))

    def _exists(self) -> bool:
        return self._path.exists()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}


class Recorder:
    """A hook manager that notes every call."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.hook = self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda **arguments: self.calls.append((name, arguments))

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.calls]


@pytest.fixture
def chain() -> Any:
    return Pipeline([node(double, "a", "b", name="first"), node(double, "b", "c", name="second")])


RUNNERS = [SequentialRunner, lambda: ThreadRunner(max_workers=2), lambda: ParallelRunner(max_workers=2)]
every_runner = pytest.mark.parametrize("make", RUNNERS, ids=["sequential", "thread", "parallel"])


# --- AbstractRunner ---------------------------------------------------------------------------------------------


def test_run_has_the_documented_signature() -> None:
    parameters = inspect.signature(AbstractRunner.run).parameters
    assert list(parameters) == ["self", "pipeline", "catalog", "hook_manager", "run_id", "only_missing_outputs"]
    assert [parameters[n].default for n in list(parameters)[3:]] == [None, None, False]


@every_runner
def test_run_returns_the_datasets_of_the_free_outputs(make: Any, chain: Any) -> None:
    result = make().run(chain, DataCatalog({"a": MemoryDataset(3)}))
    assert list(result) == ["c"]
    assert result["c"].load() == 12


@every_runner
def test_outputs_stay_loadable_after_the_runner_is_gone(make: Any, chain: Any) -> None:
    runner = make()
    result = runner.run(chain, DataCatalog({"a": MemoryDataset(3)}))
    del runner
    assert result["c"].load() == 12


def test_in_memory_outputs_of_plain_catalogs_are_memory_datasets(chain: Any) -> None:
    for make in RUNNERS:
        result = make().run(chain, DataCatalog({"a": MemoryDataset(3)}))
        assert isinstance(result["c"], MemoryDataset)


@every_runner
def test_a_missing_input_is_named(make: Any, chain: Any) -> None:
    with pytest.raises(ValueError, match=r"Pipeline input\(s\) \{'a'\} not found in the DataCatalog"):
        make().run(chain, DataCatalog())


def test_a_failed_check_leaves_the_catalog_as_it_was(chain: Any) -> None:
    catalog = DataCatalog()
    for _ in range(2):
        with pytest.raises(ValueError, match="not found in the DataCatalog"):
            SequentialRunner().run(chain, catalog)
    assert len(catalog) == 0


def test_a_subclass_that_implements_run_alone_works(chain: Any) -> None:
    class CustomRunner(AbstractRunner):  # type: ignore[misc,valid-type]
        def _run(self, pipeline: Any, catalog: Any, hook_manager: Any = None, run_id: Any = None) -> None:
            for each in pipeline.nodes:
                Task(node=each, catalog=catalog, hook_manager=hook_manager, run_id=run_id).execute()

    assert CustomRunner().run(chain, DataCatalog({"a": MemoryDataset(1)}))["c"].load() == 4


def test_run_cannot_be_left_out() -> None:
    with pytest.raises(TypeError, match="_run"):
        AbstractRunner()


def test_run_has_a_usable_body(chain: Any) -> None:
    class Minimal(AbstractRunner):  # type: ignore[misc,valid-type]
        def _run(self, pipeline: Any, catalog: Any, hook_manager: Any = None, session: Any = None) -> None:
            super()._run(pipeline, catalog, hook_manager, session)

    assert Minimal().run(chain, DataCatalog({"a": MemoryDataset(1)}))["c"].load() == 4


def test_run_passes_its_arguments_to_run_by_position(chain: Any) -> None:
    seen: list[Any] = []

    class Odd(AbstractRunner):  # type: ignore[misc,valid-type]
        def _run(self, one: Any, two: Any, three: Any, four: Any) -> None:
            seen.append(four)
            two.save("c", 1)

    Odd().run(chain, DataCatalog({"a": MemoryDataset(1)}), run_id="r1")
    assert seen == ["r1"]


@pytest.mark.parametrize("pool", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_nodes_run_on_the_pool_of_a_subclass(pool: Any, tmp_path: Path) -> None:
    class Pooled(AbstractRunner):  # type: ignore[misc,valid-type]
        def _get_executor(self, max_workers: int) -> Any:
            if pool is ThreadPoolExecutor:
                return pool(max_workers=2)
            return pool(max_workers=1, mp_context=multiprocessing.get_context("fork"))

        def _run(self, pipeline: Any, catalog: Any, hook_manager: Any = None, run_id: Any = None) -> None:
            super()._run(pipeline, catalog, hook_manager, run_id)

    files = {name: FileDataset(str(tmp_path / name)) for name in "abc"}
    files["a"].save(5)
    pipeline = Pipeline([node(double, "a", "b"), node(double, "b", "c")])
    assert Pooled().run(pipeline, DataCatalog(files))["c"].load() == 20


# --- only_missing_outputs ---------------------------------------------------------------------------------------


@pytest.fixture
def ran() -> list[str]:
    return []


def traced(ran: list[str], name: str) -> Any:
    def function(*arguments: Any) -> int:
        ran.append(name)
        return sum(arguments)

    return function


def test_nodes_without_outputs_always_run(ran: list[str]) -> None:
    pipeline = Pipeline([node(traced(ran, "sink"), "a", None, name="sink")])
    SequentialRunner().run(pipeline, DataCatalog({"a": MemoryDataset(1)}), only_missing_outputs=True)
    assert ran == ["sink"]


def test_missing_persistent_outputs_run_and_existing_ones_do_not(ran: list[str], tmp_path: Path) -> None:
    files = {name: FileDataset(str(tmp_path / name)) for name in "bc"}
    files["b"].save(1)
    pipeline = Pipeline([node(traced(ran, "b"), "a", "b"), node(traced(ran, "c"), "a", "c")])
    catalog = DataCatalog({"a": MemoryDataset(1), **files})
    SequentialRunner().run(pipeline, catalog, only_missing_outputs=True)
    assert ran == ["c"]


def test_producers_of_ephemeral_data_that_a_running_node_needs_run(ran: list[str], tmp_path: Path) -> None:
    pipeline = Pipeline(
        [node(traced(ran, "one"), "a", "b"), node(traced(ran, "two"), "b", "c"), node(traced(ran, "three"), "c", "d")]
    )
    catalog = DataCatalog({"a": MemoryDataset(1), "d": FileDataset(str(tmp_path / "d"))})
    SequentialRunner().run(pipeline, catalog, only_missing_outputs=True)
    assert ran == ["one", "two", "three"]


def test_producers_of_missing_persistent_data_run_and_stop_at_what_exists(ran: list[str], tmp_path: Path) -> None:
    files = {name: FileDataset(str(tmp_path / name)) for name in "bcd"}
    files["b"].save(1)
    pipeline = Pipeline(
        [node(traced(ran, "b"), "a", "b"), node(traced(ran, "c"), "b", "c"), node(traced(ran, "d"), "c", "d")]
    )
    SequentialRunner().run(pipeline, DataCatalog({"a": MemoryDataset(1), **files}), only_missing_outputs=True)
    assert ran == ["c", "d"]


def test_with_everything_there_nothing_runs_and_a_log_line_says_so(
    ran: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    target = FileDataset(str(tmp_path / "b"))
    target.save(1)
    pipeline = Pipeline([node(traced(ran, "b"), "a", "b")])
    with caplog.at_level(logging.INFO, logger=PACKAGE):
        result = SequentialRunner().run(pipeline, DataCatalog({"b": target}), only_missing_outputs=True)
    assert (ran, result) == ([], {})
    assert "Skipping all 1 nodes (all persistent outputs exist)" in caplog.text


def test_skipped_and_running_nodes_are_counted(
    ran: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = {name: FileDataset(str(tmp_path / name)) for name in "bc"}
    files["b"].save(1)
    pipeline = Pipeline([node(traced(ran, "b"), "a", "b", name="nb"), node(traced(ran, "c"), "a", "c", name="nc")])
    with caplog.at_level(logging.INFO, logger=PACKAGE):
        SequentialRunner().run(pipeline, DataCatalog({"a": MemoryDataset(1), **files}), only_missing_outputs=True)
    assert "Skipping 1 nodes with existing outputs: nb" in caplog.text
    assert "Running 1 out of 2 nodes" in caplog.text


def test_the_filter_is_a_method_that_returns_a_pipeline(tmp_path: Path) -> None:
    pipeline = Pipeline([node(double, "a", "b", name="only")])
    catalog = DataCatalog({"a": MemoryDataset(1), "b": FileDataset(str(tmp_path / "b"))})
    filtered = SequentialRunner()._filter_pipeline_for_missing_outputs(pipeline, catalog)
    assert [each.name for each in filtered.nodes] == ["only"]


# --- Task and TaskError -----------------------------------------------------------------------------------------


def test_task_has_the_documented_signature() -> None:
    parameters = inspect.signature(Task).parameters
    assert list(parameters) == ["node", "catalog", "hook_manager", "is_async", "run_id", "parallel"]
    assert [p.default for p in parameters.values()][2:] == [None, False, None, False]


def test_a_task_runs_its_node_without_a_hook_manager() -> None:
    catalog = DataCatalog({"a": MemoryDataset(2), "b": MemoryDataset()})
    mine = node(double, "a", "b", name="mine")
    assert Task(node=mine, catalog=catalog, run_id="run_001").execute() is mine
    assert catalog.load("b") == 4


def test_calling_a_task_executes_it_also_in_a_subclass() -> None:
    class Monitored(Task):  # type: ignore[misc,valid-type]
        def execute(self) -> Any:
            done = super().execute()
            return done.name

    catalog = DataCatalog({"a": MemoryDataset(2), "b": MemoryDataset()})
    assert Monitored(node(double, "a", "b", name="mine"), catalog)() == "mine"


def test_the_node_of_a_task_is_a_property() -> None:
    mine = node(double, "a", "b")
    assert isinstance(inspect.getattr_static(Task, "node"), property)
    assert Task(mine, DataCatalog()).node is mine


def test_the_older_order_of_arguments_is_understood() -> None:
    manager = Recorder()
    task = Task(node(double, "a", "b"), DataCatalog(), True, manager, "r")
    assert (task.is_async, task.hook_manager, task.run_id) == (True, manager, "r")


def test_what_fails_in_a_task_is_wrapped() -> None:
    task = Task(node(fail, "a", "b", name="bad"), DataCatalog({"a": MemoryDataset(1)}))
    with pytest.raises(TaskError, match="no luck") as caught:
        task.execute()
    assert caught.value.node_name == "bad"
    assert isinstance(caught.value.original_exception, ZeroDivisionError)
    assert caught.value.__cause__ is caught.value.original_exception


def test_a_task_error_pickles_with_its_facts() -> None:
    error = pickle.loads(pickle.dumps(TaskError("m", "n", ValueError("v"))))
    assert (str(error), error.node_name, str(error.original_exception)) == ("m", "n", "v")


def test_a_task_error_needs_no_facts() -> None:
    error = TaskError("just a message")
    assert (error.node_name, error.original_exception, str(error)) == (None, None, "just a message")


def test_a_task_pickles_and_runs_in_a_process(tmp_path: Path) -> None:
    files = {name: FileDataset(str(tmp_path / name)) for name in "ab"}
    files["a"].save(4)
    task = Task(node(double, "a", "b", name="far"), DataCatalog(files))
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
        assert pool.submit(pickle.loads(pickle.dumps(task))).result().name == "far"
    assert files["b"].load() == 8


@every_runner
def test_runners_raise_the_original_error(make: Any) -> None:
    pipeline = Pipeline([node(fail, "a", "b")])
    with pytest.raises(ZeroDivisionError, match="no luck"):
        make().run(pipeline, DataCatalog({"a": MemoryDataset(1)}))


def test_the_original_error_is_the_very_object() -> None:
    error = KeyError("mine")

    def raises(x: Any) -> Any:
        raise error

    with pytest.raises(KeyError) as caught:
        SequentialRunner().run(Pipeline([node(raises, "a", "b")]), DataCatalog({"a": MemoryDataset(1)}))
    assert caught.value is error


def test_task_and_task_error_import_from_every_documented_place() -> None:
    task_module = importlib.import_module(f"{PACKAGE}.runner.task")
    assert base.Task is task_module.Task is runners.Task
    assert base.TaskError is task_module.TaskError is runners.TaskError
    assert runners.ParallelRunnerManager is ParallelRunnerManager


# --- hooks ------------------------------------------------------------------------------------------------------


def test_hooks_are_called_in_the_order_of_the_contract() -> None:
    hooks = Recorder()
    catalog = DataCatalog({"a": MemoryDataset(1), "b": MemoryDataset(2)})
    Task(node(add, ["a", "b"], "c"), catalog_with(catalog, "c"), hooks).execute()
    assert hooks.names == [
        *["before_dataset_loaded", "after_dataset_loaded"] * 2,
        "before_node_run",
        "after_node_run",
        "before_dataset_saved",
        "after_dataset_saved",
    ]


def catalog_with(catalog: Any, *names: str) -> Any:
    for name in names:
        catalog[name] = MemoryDataset()
    return catalog


def test_an_error_of_the_function_is_told_to_the_hooks() -> None:
    hooks = Recorder()
    with pytest.raises(ZeroDivisionError):
        SequentialRunner().run(Pipeline([node(fail, "a", "b")]), DataCatalog({"a": MemoryDataset(1)}), hooks)
    assert hooks.names[-1] == "on_node_error"


def test_a_hook_can_replace_inputs() -> None:
    class Replacing(Recorder):
        def before_node_run(self, **arguments: Any) -> Any:
            return [{"a": 100}]

    catalog = DataCatalog({"a": MemoryDataset(1)})
    result = SequentialRunner().run(Pipeline([node(double, "a", "b")]), catalog, Replacing())
    assert result["b"].load() == 200


def test_a_hook_that_answers_with_something_else_is_refused() -> None:
    class Wrong(Recorder):
        def before_node_run(self, **arguments: Any) -> Any:
            return [["a"]]

    with pytest.raises(TypeError, match="'before_node_run' must return either None or a dictionary"):
        SequentialRunner().run(Pipeline([node(double, "a", "b")]), DataCatalog({"a": MemoryDataset(1)}), Wrong())


@pytest.mark.parametrize("is_async", [False, True])
def test_async_loading_and_saving_gives_the_same_result(is_async: bool) -> None:
    catalog = DataCatalog({"a": MemoryDataset(1), "b": MemoryDataset(2)})
    result = SequentialRunner(is_async=is_async).run(Pipeline([node(add, ["a", "b"], "c")]), catalog)
    assert result["c"].load() == 3


def test_generators_do_not_go_with_async() -> None:
    def stream(x: Any) -> Any:
        yield x

    with pytest.raises(ValueError, match="nodes wrapping generator functions"):
        SequentialRunner(is_async=True).run(Pipeline([node(stream, "a", "b")]), DataCatalog({"a": MemoryDataset(1)}))


def test_generator_outputs_are_saved_chunk_by_chunk_and_interleaved() -> None:
    def stream(x: int) -> Any:
        for number in range(2):
            yield x + number, x - number

    hooks = Recorder()
    pipeline = Pipeline([node(stream, "a", ["up", "down"])])
    SequentialRunner().run(pipeline, DataCatalog({"a": MemoryDataset(10)}), hooks)
    saved = [(c["dataset_name"], c["data"]) for name, c in hooks.calls if name == "before_dataset_saved"]
    assert saved == [("up", 10), ("down", 10), ("up", 11), ("down", 9)]


# --- ThreadRunner and ParallelRunner ----------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [ThreadRunner, ParallelRunner])
def test_max_workers_must_be_positive(cls: Any) -> None:
    with pytest.raises(ValueError, match="max_workers should be positive"):
        cls(max_workers=0)


def test_the_thread_runner_refuses_async_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="'ThreadRunner' doesn't support"):
        assert ThreadRunner(is_async=True)._is_async is False


def test_the_sequential_runner_stays_in_the_callers_thread() -> None:
    import threading

    def where(x: Any) -> int:
        return threading.get_ident()

    result = SequentialRunner().run(Pipeline([node(where, "a", "b")]), DataCatalog({"a": MemoryDataset(1)}))
    assert result["b"].load() == threading.get_ident()


def test_every_node_that_was_ready_still_runs_after_a_failure() -> None:
    hooks = Recorder()
    pipeline = Pipeline([node(fail, "a", "b", name="one"), node(fail, "a", "c", name="two")])
    with pytest.raises(ZeroDivisionError):
        ThreadRunner(max_workers=1).run(pipeline, DataCatalog({"a": MemoryDataset(1)}), hooks)
    assert hooks.names.count("on_node_error") == 2


def test_the_class_of_a_runner_says_where_it_lives() -> None:
    assert f"{PACKAGE}.runner.sequential_runner.SequentialRunner object" in str(SequentialRunner())


@pytest.mark.parametrize("catalog_class", [DataCatalog, io.SharedMemoryDataCatalog])
def test_the_parallel_runner_takes_any_catalog(catalog_class: Any, chain: Any) -> None:
    catalog = catalog_class({"a": MemoryDataset(3)})
    assert ParallelRunner(max_workers=2).run(chain, catalog)["c"].load() == 12


def test_explicit_memory_datasets_between_processes_keep_what_was_written(chain: Any) -> None:
    catalog = DataCatalog({"a": MemoryDataset(3), "b": MemoryDataset(999)})
    assert ParallelRunner(max_workers=2).run(chain, catalog)["c"].load() == 12


def test_the_parallel_runner_runs_lambdas() -> None:
    pipeline = Pipeline([node(lambda x: x + 1, "a", "b", name="lam")])
    assert ParallelRunner(max_workers=1).run(pipeline, DataCatalog({"a": MemoryDataset(1)}))["b"].load() == 2


# --- ParallelRunnerManager --------------------------------------------------------------------------------------


@pytest.fixture
def manager() -> Any:
    made = ParallelRunnerManager(max_workers=2)
    yield made._init_manager()
    made.shutdown()


def test_init_manager_returns_a_started_manager_each_time(manager: Any) -> None:
    assert isinstance(manager, SyncManager)
    assert manager._init_manager() is manager
    assert list(manager.list([1, 2])) == [1, 2]


def test_the_manager_makes_memory_datasets(manager: Any) -> None:
    dataset = manager.MemoryDataset()
    dataset.save(3)
    assert dataset.load() == 3


def test_the_pool_has_the_configured_size(manager: Any) -> None:
    pool = manager._create_process_pool()
    assert isinstance(pool, ProcessPoolExecutor)
    assert pool._max_workers == 2
    pool.shutdown()


def test_a_catalog_is_converted_with_its_data(manager: Any) -> None:
    shared = manager._sync_catalog(DataCatalog({"a": MemoryDataset(7)}), manager)
    assert isinstance(shared, io.SharedMemoryDataCatalog)
    assert shared.load("a") == 7


def test_a_shared_catalog_is_returned_as_it_is(manager: Any) -> None:
    shared = io.SharedMemoryDataCatalog()
    assert manager._sync_catalog(shared, manager) is shared


def test_nodes_run_in_parallel_in_the_order_of_their_dependencies(manager: Any, chain: Any) -> None:
    catalog = DataCatalog({"a": MemoryDataset(1), "c": MemoryDataset()})
    assert manager.run_nodes_in_parallel(list(reversed(chain.nodes)), catalog, "run") is None
    assert catalog.load("c") == 4


# --- the resume hint --------------------------------------------------------------------------------------------


def test_a_failed_run_says_from_where_to_resume(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pipeline = Pipeline([node(double, "a", "b", name="one"), node(fail, "b", "c", name="two")])
    catalog = DataCatalog({"a": MemoryDataset(1), "b": FileDataset(str(tmp_path / "b"))})
    with pytest.raises(ZeroDivisionError):
        SequentialRunner().run(pipeline, catalog)
    assert "There are 1 nodes that have not run." in caplog.text
    assert '  --from-nodes "two"' in caplog.text


def test_data_in_memory_is_made_again_by_the_hint(caplog: pytest.LogCaptureFixture) -> None:
    pipeline = Pipeline([node(double, "a", "b", name="one"), node(fail, "b", "c", name="two")])
    with pytest.raises(ZeroDivisionError):
        SequentialRunner().run(pipeline, DataCatalog({"a": MemoryDataset(1)}))
    assert '  --from-nodes "one"' in caplog.text


def test_a_hint_that_fails_does_not_hide_the_error() -> None:
    class Hintless(SequentialRunner):  # type: ignore[misc,valid-type]
        def _suggest_resume_scenario(self, *arguments: Any) -> None:
            raise AttributeError("the hint is broken")

    with pytest.raises(ZeroDivisionError):
        Hintless().run(Pipeline([node(fail, "a", "b")]), DataCatalog({"a": MemoryDataset(1)}))
