"""What a worker measures of its tasks."""

from __future__ import annotations

import threading

from deodar.engine.executors.processes.worker import Meter


def test_in_a_process_of_others_their_threads_are_not_counted() -> None:
    alone, among_others = Meter(), Meter(alone=False)
    alone.start()
    among_others.start()
    other = threading.Thread(target=sum, args=(range(3_000_000),))
    other.start()
    other.join()
    # The other thread does all of the work, and this one waits.
    assert among_others.stop()[0] < alone.stop()[0] / 2
