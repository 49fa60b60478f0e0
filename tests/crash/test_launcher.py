"""What a program's own state does to the processes that it starts: a driver that is gone, closed files, its input."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

METHODS = ("forkserver", "spawn", "fork")

LOSE_DRIVER = """
import os, select, signal, socket, sys
from deodar.engine.executors._wire import RECORD, START, Lane
from deodar.engine.executors.processes.launch import launch

method, when = sys.argv[1:]
launcher = launch(method)
lane = Lane()
near, far = socket.socketpair()

def start():
    record = RECORD.pack(START, 1, 0, 0, 0)
    socket.send_fds(launcher.control, [record], [lane.far.fileno(), far.fileno()])

start()
select.select([launcher.control], [], [])
if when == "before it hears":
    launcher.control.recv(RECORD.size)
    os.kill(launcher.pid, signal.SIGSTOP)
    os.waitpid(launcher.pid, os.WUNTRACED)
    start()
launcher.control.close()
os.kill(launcher.pid, signal.SIGCONT)
print(os.waitpid(launcher.pid, 0)[1])
"""


@pytest.mark.parametrize("when", ["before it hears", "with news unread"])
@pytest.mark.parametrize("method", METHODS)
def test_a_launcher_whose_driver_goes_while_it_starts_a_worker_ends_without_a_word(method: str, when: str) -> None:
    done = subprocess.run([sys.executable, "-c", LOSE_DRIVER, method, when], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("0\n", "")


NODES = """
import json, os, sys
from pathlib import Path
from deodar.io import DataCatalog, MemoryDataset
from deodar.pipeline import Pipeline, node
from deodar.runner import ParallelRunner

def tell(x):
    for descriptor in (1, 2):
        os.write(descriptor, b"from a node")
    return x + 1

def read(x):
    return sys.stdin.read(), os.read(0, 100).decode()

def run(function):
    pipeline = Pipeline([node(function, "x", f"y{n}", name=f"node{n}") for n in range(6)])
    results = ParallelRunner(max_workers=2).run(pipeline, DataCatalog({"x": MemoryDataset(1)}))
    return [results[f"y{n}"].load() for n in range(6)]
"""


def ended(
    program: str, folder: Path, method: str, *, given: str = "", command: str = 'exec "$0" program.py'
) -> subprocess.CompletedProcess[str]:
    """Run a program with a start method, by a command line of the shell's."""
    (folder / "program.py").write_text(program)
    return subprocess.run(
        ["sh", "-c", command, sys.executable],
        cwd=folder,
        env={"DEODAR_MP_CONTEXT": method},
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("method", METHODS)
def test_a_program_without_standard_files_has_its_results(method: str, tmp_path: Path) -> None:
    program = f"{NODES}\nif __name__ == '__main__':\n    Path('told').write_text(json.dumps(run(tell)))"
    ended(program, tmp_path, method, command='exec "$0" program.py <&- >&- 2>&-')
    assert json.loads((tmp_path / "told").read_text()) == [2] * 6


@pytest.mark.parametrize("method", METHODS)
def test_nodes_find_nothing_to_read_and_leave_the_programs_input_to_it(method: str, tmp_path: Path) -> None:
    program = f"{NODES}\nif __name__ == '__main__':\n    print(json.dumps([run(read), sys.stdin.read()]))"
    done = ended(program, tmp_path, method, given="for the program")
    assert json.loads(done.stdout) == [[["", ""]] * 6, "for the program"], done.stderr


@pytest.mark.parametrize("method", METHODS)
def test_what_nodes_print_goes_where_the_program_has_put_its_output(method: str, tmp_path: Path) -> None:
    program = (
        f"{NODES}\nif __name__ == '__main__':\n"
        "    os.close(1)\n    os.open('output', os.O_CREAT | os.O_WRONLY | os.O_APPEND)\n    run(tell)"
    )
    done = ended(program, tmp_path, method)
    assert (tmp_path / "output").read_text() == "from a node" * 6, done.stderr


@pytest.mark.parametrize("method", ["forkserver", "spawn"])
def test_a_module_that_starts_a_run_when_it_is_imported_is_refused_in_workers(method: str, tmp_path: Path) -> None:
    done = ended(f"{NODES}\nprint(run(tell))", tmp_path, method, command='exec "$0" -c "import program"')
    assert done.returncode == 1
    assert "starts a run in worker processes when it is imported" in done.stderr.splitlines()[-1]
    assert "if __name__ == '__main__'. What the tasks use" in done.stderr


NEVER_USED = """
import sys
from deodar.engine.executors.processes.pool import borrow, give_back

pool = borrow(sys.argv[1])
link = pool.start_worker()
while not link.pid:
    pool.poll(1)
give_back(pool)
"""


@pytest.mark.parametrize("method", METHODS)
def test_a_worker_that_nobody_used_warns_of_nothing_that_it_left_open(method: str) -> None:
    command = [sys.executable, "-X", "dev", "-c", NEVER_USED, method]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


CHILD = """
import multiprocessing
from deodar.io import DataCatalog, MemoryDataset
from deodar.pipeline import Pipeline, node
from deodar.runner import ParallelRunner

class Box:
    def __init__(self, content):
        self.content = content

def increase(box):
    assert isinstance(box, Box)
    return Box(box.content + 1)

def child():
    pipeline = Pipeline([node(increase, "a", "b"), node(increase, "b", "c")])
    [result] = ParallelRunner(max_workers=2).run(pipeline, DataCatalog({"a": MemoryDataset(Box(1))})).values()
    print(isinstance(result.load(), Box), result.load().content)

if __name__ == "__main__":
    process = multiprocessing.get_context("spawn").Process(target=child)
    process.start()
    process.join()
"""


@pytest.mark.parametrize("method", METHODS)
def test_what_a_program_defines_travels_from_its_children_too(method: str, tmp_path: Path) -> None:
    done = ended(CHILD, tmp_path, method)
    assert done.stdout == "True 3\n", done.stderr
