"""Tasks that stay in the driver's process while the others run on a cluster, and the values that go between."""

from __future__ import annotations

import queue
from typing import Any, Protocol

from ...model import ValueId
from ...transport.parcel import Parcel
from ...transport.pickling import UnportableValueError
from .._driver_side import DriverSide, Outcome
from ..protocol import Work


class Cluster(Protocol):
    """What such a task needs of the cluster."""

    def bring(self, value: ValueId) -> Parcel:
        """Fetch a value."""
        ...

    def stays_here(self, value: ValueId) -> bool:
        """Return whether nobody reads a value outside of the driver's process."""
        ...


class HomeParcels:
    """How a task in the driver's process takes and gives carried values.

    Args:
        at_home: values that cannot travel, kept as they are.
    """

    def __init__(self, cluster: Cluster, at_home: dict[ValueId, Any]) -> None:
        self._cluster = cluster
        self._at_home = at_home
        self.given: dict[ValueId, Parcel] = {}
        self.kept: dict[ValueId, Any] = {}

    def take(self, value: ValueId) -> Any:
        """Return a value of the task's own, or the very object where it cannot travel."""
        if value in self.kept:
            return self.kept[value]
        if value in self._at_home:
            return self._at_home[value]
        if value in self.given:
            return self.given[value].unpack()
        return self._cluster.bring(value).unpack()

    def give(self, value: ValueId, data: Any) -> None:
        """Pack a value; keep it here if it cannot travel and need not."""
        self.given.pop(value, None)
        self.kept.pop(value, None)
        try:
            self.given[value] = Parcel.of(data)
        except UnportableValueError:
            if not self._cluster.stays_here(value):
                raise
            self.kept[value] = data


class HomeSide(DriverSide[HomeParcels]):
    """The driver's own tasks, which tell the executor's inbox."""

    def __init__(self, work: Work, inbox: queue.SimpleQueue[Any]) -> None:
        self._inbox = inbox
        super().__init__(work)

    def _tell(self, outcome: Outcome, channel: HomeParcels) -> None:
        self._inbox.put((outcome, channel))
