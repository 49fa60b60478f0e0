"""The driver's side on Ray, without Ray: what it asks for, and when."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Any

from deodar.engine.executors.cluster.ray import RayExecutor


class Office:
    """An actor; its method ``collect`` has something to say each time it is asked."""

    def __init__(self, asked: list[str], during: threading.Event, killed: threading.Event) -> None:
        self._asked = asked
        self._during = during
        self._killed = killed
        self.collect = self

    def remote(self) -> Office:
        if self._asked:
            self._during.set()
            # As long as somebody may kill it meanwhile, who must not.
            self._asked.append("killed while asked" if self._killed.wait(0.2) else "asked again")
        else:
            self._asked.append("asked")
        return self

    def future(self) -> Future[list[bytes]]:
        return Future()


class Ray:
    def __init__(self, killed: threading.Event) -> None:
        self._killed = killed

    def nodes(self) -> list[dict[str, Any]]:
        return [{"Alive": True, "Resources": {"CPU": 2.0}}]

    def get_runtime_context(self) -> Any:
        return self

    def remote(self, function: Any) -> Any:
        return self

    def options(self, **known: Any) -> Any:
        return self

    def kill(self, office: Office) -> None:
        self._killed.set()


def test_nothing_is_asked_of_the_office_while_it_is_closed_or_after() -> None:
    asked, during, killed = list[str](), threading.Event(), threading.Event()
    executor = RayExecutor(Ray(killed))
    executor._office = Office(asked, during, killed)
    executor._ask()
    answer: Future[list[bytes]] = Future()
    answer.set_result([b"letter"])
    collecting = threading.Thread(target=executor._collected, args=(answer,))
    collecting.start()
    assert during.wait(10)
    executor._shut()
    collecting.join(10)
    executor._collected(answer)
    assert asked == ["asked", "asked again"]
    assert killed.is_set()
