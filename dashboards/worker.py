"""The process in which a session's two models live: it takes orders, and tells how things stand.

The page's own process never runs a day, so that it answers at once whatever a model is doing.
"""

import os
import time
from collections.abc import Mapping
from datetime import date
from multiprocessing.connection import Connection
from typing import Any

from icsim.dashboards.stories.guide import Guide
from icsim.dashboards.stories.telling import named
from icsim.dashboards.twins import Twins
from icsim.experiment import Experiment, ExperimentError, load
from icsim.experiment.errors import Problem

TELL_EVERY = 0.3
"""Seconds between two states of a model at play."""
ASAP = 0.0
"""The speed that stands for as fast as it goes."""


class Worker:
    """A pair of models and the orders they are under.

    Orders are tuples. ("open", room, twin, day): experiments as mappings, and the day to live up to first;
    ("play", days a second), ("pause",), ("step", days), ("jump", ISO day), ("steer", what is asked),
    ("restart",), ("close",); of stories ("story", name, sample, seed, step to live up to), ("go_on",),
    ("guess", outcome), ("leave",). Told are ("state", mapping), ("error", words) and ("busy", words).
    """

    def __init__(self, pipe: Connection) -> None:
        self.pipe = pipe
        self.twins: Twins | None = None
        self.opened: tuple[Experiment, Experiment]
        self.story: tuple[str, float, int]
        self.guide: Guide | None = None
        self._skip = 0  # the step of a story up to which nobody is asked
        self.playing = False
        self.speed = 30.0
        self.until = 0  # a day to be reached as fast as it goes, playing or not
        self._next = self._told = 0.0
        self._pace = (0.0, 0)

    def live(self) -> None:
        """Take orders until there is nobody left to give them."""
        try:
            while self._once():
                pass
        except (EOFError, BrokenPipeError, OSError):
            pass  # the page is gone

    def _once(self) -> bool:
        moving = self.twins is not None and self.twins.running and (self.playing or self.until)
        wait = max(0.0, self._next - time.monotonic()) if moving else None
        if self.pipe.poll(wait):
            order = self.pipe.recv()
            if order[0] == "close":
                return False
            try:
                getattr(self, f"_{order[0]}")(*order[1:])
            except ExperimentError as error:
                self.pipe.send(("error", str(error)))
            except (ValueError, KeyError, MemoryError) as error:
                self.pipe.send(("error", f"This cannot be simulated: {type(error).__name__}: {error}"))
            self.tell()
            return True
        if moving:
            self._day()
        return True

    def _day(self) -> None:
        assert self.twins is not None
        now = time.monotonic()
        hurried = self.twins.room.day < self.until
        step = 0.0 if hurried or self.speed == ASAP else 1 / self.speed
        self._next = max(self._next + step, now - 1.0)  # what was lost in a pause is not made up for
        self.twins.step()
        if self.guide is not None:
            self.guide.day()
        if self.guide is not None and self.guide.target and self.twins.room.day >= self.guide.target:
            self._arrived(self.guide)
        elif self.until and self.twins.room.day >= self.until:
            self.until = 0
            self.tell()
        elif not self.twins.running:
            self.playing = False
            self.tell()
        elif time.monotonic() - self._told > TELL_EVERY:
            self.tell()

    def _arrived(self, guide: Guide) -> None:
        """A story's next day is there: it waits for the facilitator, or goes on to the step that was left."""
        guide.arrived()
        self._catch_up(guide)
        if not self.until:
            self.playing = False
        self.tell()

    def _catch_up(self, guide: Guide) -> None:
        while guide.at < self._skip and not guide.target:
            guide.go_on()
        self.until = guide.target if guide.at < self._skip else 0

    def tell(self) -> None:
        """Say how things stand."""
        if self.twins is None:
            return
        now, day = time.monotonic(), self.twins.room.day
        before, at = self._pace
        pace = (day - at) / (now - before) if self.playing and before and now > before and day > at else 0.0
        self._pace = (now, day)
        state = self.twins.state()
        state["experiment"] = self.twins.room.experiment.to_dict()
        state["experiment_twin"] = self.twins.twin.experiment.to_dict()
        state |= {"playing": self.playing or bool(self.until), "speed": self.speed, "pace": round(pace, 1)}
        state["story"] = None if self.guide is None else self.guide.card()
        self.pipe.send(("state", state))
        self._told = time.monotonic()

    def _open(self, room: Mapping[str, Any], twin: Mapping[str, Any], day: int) -> None:
        self.playing, self.opened = False, (load(room), load(twin))
        self.guide = None
        self._begin(*self.opened, day)

    def _story(self, name: str, sample: float, seed: int, at: int = 0) -> None:
        story = named(name)
        self.playing, self.opened = False, story.worlds(sample, seed)
        self.story = (name, sample, seed)
        self._begin(*self.opened, 0)
        assert self.twins is not None
        self.guide, self._skip = Guide(name, story, self.twins), at
        self._catch_up(self.guide)

    def _go_on(self) -> None:
        """To the next day that the story plays to."""
        if self.guide is None:
            return
        self.guide.go_on()
        if self.guide.target and not self.until:
            self._play()

    def _guess(self, outcome: str) -> None:
        if self.guide is not None:
            self.guide.guessed(outcome)

    def _leave(self) -> None:
        """The story is over: the room has the place for itself."""
        self.guide = None

    def _begin(self, room: Experiment, twin: Experiment, day: int) -> None:
        self._shut()
        self.pipe.send(("busy", f"Making the people of {room.name}. The first time takes a minute."))
        self.twins = Twins(room, twin)
        self.until = min(day, self.twins.room.days) if day > 0 else 0
        self._next = 0.0

    def _play(self, speed: float | None = None) -> None:
        if speed is not None:
            self.speed = max(0.0, float(speed))
        self.playing, self._next = True, time.monotonic()
        self._pace = (0.0, 0)

    def _pace_only(self, speed: float) -> None:
        self.speed, self._next = max(0.0, float(speed)), time.monotonic()

    def _pause(self) -> None:
        self.playing, self.until = False, 0

    def _step(self, days: int) -> None:
        if self.twins is not None:
            self.playing = False
            self.until = min(self.twins.room.day + max(1, int(days)), self.twins.room.days)
            self._next = 0.0

    def _jump(self, day: str) -> None:
        """Live up to a day; one of the past is lived again from the start, with what the room had changed."""
        if self.twins is None:
            return
        room, twin = self.twins.room.experiment, self.twins.twin.experiment
        at = (date.fromisoformat(day) - room.start).days
        at = min(max(at, 0), self.twins.room.days)
        if self.guide is not None and at < self.twins.room.day:
            said = "in a story time goes forward only: restart tells it again, or leave it first"
            raise ExperimentError(Problem("", "date", said, day))
        self.playing = False
        if at < self.twins.room.day:
            self._begin(room, twin, at)
        else:
            self.until, self._next = at, 0.0

    def _steer(self, asked: Mapping[str, Any]) -> None:
        if self.twins is not None:
            self.twins.steer(asked)
            if self.guide is not None:
                self.guide.touched = True

    def _restart(self) -> None:
        """From the first day, without what the room changed since it opened the place."""
        if self.guide is not None:
            self._story(*self.story)
        elif self.twins is not None:
            self.playing = False
            self._begin(*self.opened, 0)

    def _shut(self) -> None:
        if self.twins is not None:
            self.twins.close()
            self.twins = None


def work(pipe: Connection, niceness: int = 5) -> None:
    """The life of a worker process."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the page's process says when to stop
    os.nice(niceness)
    Worker(pipe).live()
