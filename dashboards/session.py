"""A visitor's session: a process with their models, and what it last told. Few live at once.

A model that has stood still longest gives way when too many would live: its session keeps what is needed to
live it again to the same day, and does so when its visitor comes back to it.
"""

import multiprocessing
import os
import threading
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from icsim.dashboards.opening import people_of
from icsim.dashboards.stories.telling import named
from icsim.dashboards.worker import work
from icsim.experiment import Experiment

MOST = int(os.environ.get("ICSIM_DASHBOARD_MODELS", "6"))
"""Sessions whose models live at once."""
PEOPLE = int(os.environ.get("ICSIM_DASHBOARD_PEOPLE", "3000000"))
"""Residents of all models that live at once, each with a twin: what bounds memory."""
GRACE = 3.0
STARTING = "Starting a model."
_LOCK = threading.RLock()
_LIVE: list["Session"] = []


class Full(Exception):  # noqa: N818 - says what is wrong
    """No other model has room as long as those that live are being played."""


class Session:
    """One visitor's models.

    Attributes:
        state: as the worker last told it; empty before anything was opened.
        error: what could not be done, "" when all is well.
        busy: what is being waited for, "".
        version: goes up with every news.
    """

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}
        self.error, self.busy = "", ""
        self.version = 0
        self.used = time.monotonic()
        self.room: Experiment | None = None
        self.twin: Experiment | None = None
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._sending = threading.Lock()
        self._closed = False
        self._story: tuple[str, float, int]

    def open(self, room: Experiment, twin: Experiment, day: int = 0) -> None:
        """Begin with a place and its twin, lived up to a day first."""
        self.room, self.twin = room, twin
        self.state, self.error = {}, ""
        self._news(busy=STARTING)
        self._order("open", room.to_dict(), twin.to_dict(), day)

    def tell(self, name: str, sample: float, seed: int) -> None:
        """Begin a story.

        Raises:
            ExperimentError: there is none of this name.
        """
        self.room, self.twin = named(name).worlds(sample, seed)
        self.state, self.error = {}, ""
        self._story = (name, sample, seed)
        self._news(busy=STARTING)
        self._order("story", *self._story)

    def put_away(self) -> None:
        """Let go of the place: the visitor opens another."""
        self._end()
        self.room = self.twin = None
        self.state, self.error = {}, ""
        self._news(busy="")

    def order(self, *order: Any) -> None:
        """Give the worker an order; a parked session comes back first."""
        self.error = ""
        story = self.state.get("story")
        if self._process is None and story and not story["touched"]:
            self._order("story", *self._story, story["at"])
        elif self._process is None and self.room is not None and self.twin is not None:
            experiment = self.state.get("experiment") or self.room.to_dict()
            twin = self.state.get("experiment_twin") or self.twin.to_dict()
            self._order("open", experiment, twin, self.state.get("day", 0))
        self._order(*order)

    def _order(self, *order: Any) -> None:
        self.used = time.monotonic()
        if self._closed:
            return
        try:
            if self._pipe is None:
                self._start()
            with self._sending:
                assert self._pipe is not None
                self._pipe.send(order)
        except Full as error:
            self._news(error=str(error), busy="")
        except (OSError, ValueError):
            self._news(error="The model has stopped. Restart it.")

    def _start(self) -> None:
        with _LOCK:
            _make_room(self)
            context = multiprocessing.get_context("spawn")
            mine, its = context.Pipe()
            process = context.Process(target=work, args=(its,), daemon=True, name="icsim live model")
            process.start()
            its.close()
            self._process, self._pipe = process, mine
            _LIVE.append(self)
        threading.Thread(target=self._listen, args=(mine,), daemon=True, name="icsim session").start()

    def _listen(self, pipe: Connection) -> None:
        while True:
            try:
                what, said = pipe.recv()
            except (EOFError, OSError):
                if pipe is self._pipe:
                    self._end()
                    self._news(error="The model has stopped, for want of memory perhaps. Open it again.")
                return
            if what == "state":
                self.state, self.busy = said, ""
                self._news()
            elif what == "busy":
                self._news(busy=said)
            else:
                self._news(error=said)

    def _news(self, **attributes: str) -> None:
        for name, value in attributes.items():
            setattr(self, name, value)
        self.version += 1

    @property
    def people(self) -> float:
        """Residents of its place, 0 before one is open."""
        return people_of(self.room) if self.room is not None else 0.0

    @property
    def idle(self) -> bool:
        """Whether its models stand still."""
        return not self.state.get("playing") and not self.busy

    def park(self) -> None:
        """Let go of the models; they are lived again when an order comes."""
        self._end()
        self._news(busy="")

    def close(self) -> None:
        """Let go of everything: the visitor has left."""
        self._closed = True
        self._end()

    def _end(self) -> None:
        with _LOCK:
            process, pipe, self._process, self._pipe = self._process, self._pipe, None, None
            if self in _LIVE:
                _LIVE.remove(self)
        if pipe is not None:
            with suppress(OSError, ValueError):
                pipe.send(("close",))
            pipe.close()
        if process is not None:
            threading.Thread(target=_see_off, args=(process,), daemon=True).start()


def _see_off(process: BaseProcess) -> None:
    """A worker in the middle of a day is given a moment."""
    process.join(GRACE)
    if process.is_alive():
        process.terminate()
        process.join(GRACE)
    process.close()


def _make_room(session: Session) -> None:
    """Park whoever has stood still longest as long as one more would be too many.

    Raises:
        Full: everybody else is at play; nobody has been parked then.
    """
    others = [one for one in _LIVE if one is not session]
    leaving: list[Session] = []
    for one in sorted(others, key=lambda one: one.used):
        if _has_room(session, [each for each in others if each not in leaving]):
            break
        if one.idle:
            leaving.append(one)
    if not _has_room(session, [each for each in others if each not in leaving]):
        raise Full(
            f"Other visitors play {len(others) - len(leaving)} places on this server, which is as much as it "
            "can hold. Try again when one of them pauses, or take fewer people."
        )
    for one in leaving:
        one.park()


def _has_room(session: Session, others: list[Session]) -> bool:
    people = session.people + sum(one.people for one in others)
    return len(others) < MOST and (people <= PEOPLE or not others)


def living() -> int:
    """Sessions whose models live."""
    with _LOCK:
        return len(_LIVE)
