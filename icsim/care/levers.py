"""Levers: how interventions and organisations change care without touching the day's kernel.

A lever multiplies. Levers of people (``icsim.population.columns.Lever``) work on whoever they are turned for;
levers of services (``SERVICES``) work on a capacity of an organisation, or of all organisations of a kind.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from icsim.compiling import compiled
from icsim.evidence.nearest import nearest
from icsim.keeping import own
from icsim.population.columns import Lever
from icsim.prefetch import prefetch_most

PEOPLE = tuple(lever.name.lower() for lever in Lever)


AHEAD = 16  # people whose records are on their way while one is written


@compiled
def _write(people: Any, levers: np.ndarray, columns: np.ndarray) -> None:
    """Write columns (levers, n) of some levers into the records of people."""
    for i in range(len(people)):
        if i + AHEAD < len(people):
            prefetch_most(people, i + AHEAD)
        for k in range(len(levers)):
            people[i].lever[levers[k]] = columns[k, i]


class UnknownLever(ValueError):  # noqa: N818 - says what is wrong
    """No such lever; the message names the nearest."""


@dataclass(eq=False)
class Turn:
    """One turn of one lever: the factor, or one for each row, and for whom (rows, or None for everybody)."""

    lever: int
    factor: float | np.ndarray
    rows: np.ndarray | None
    name: str


@dataclass
class Levers:
    """All turns in force for the people of a run; ``people["lever"]`` always holds their product."""

    people: np.ndarray
    turns: list[Turn] = field(default_factory=list)

    def turn(
        self, lever: str, factor: float, who: np.ndarray | Sequence[int] | None = None, name: str = ""
    ) -> Turn:
        """Multiply a lever by ``factor`` for people given as a boolean mask or rows, or for everybody.

        Returns the turn, for :meth:`release`. Raises :class:`UnknownLever`, or ``ValueError`` for a factor
        that is not a positive number.
        """
        if lever not in PEOPLE:
            raise UnknownLever(
                f"unknown lever {lever!r}; did you mean {' or '.join(nearest(lever, PEOPLE))}?"
            )
        if not (np.isfinite(factor) and factor > 0):
            raise ValueError(f"lever {lever}: expected a factor above 0, got {factor}")
        rows = None if who is None else np.asarray(who)
        if rows is not None and rows.dtype == bool:
            rows = np.flatnonzero(rows)
        turn = Turn(PEOPLE.index(lever), float(factor), rows, name)
        self.turns.append(turn)
        self._apply(turn.lever)
        return turn

    def turn_each(self, lever: str, factors: np.ndarray, name: str = "") -> Turn:
        """Multiply a lever by a factor of each person's own, (n,), above 0; see :meth:`change`."""
        turn = Turn(PEOPLE.index(lever), factors, None, name)
        self.turns.append(turn)
        self._apply(turn.lever)
        return turn

    def change(self, turn: Turn, factor: float | np.ndarray) -> None:
        """Give a turn another factor."""
        turn.factor = factor
        self._apply(turn.lever)

    def release(self, turn: Turn) -> None:
        """Take back one turn."""
        self.turns.remove(turn)
        self._apply(turn.lever)

    def place(self, given: dict[str, np.ndarray], name: str, before: dict[str, Turn]) -> dict[str, Turn]:
        """Turn several levers at once by factors of each person, (n,), in place of the turns ``before``.

        A lever whose factors are all 1 is let go. Returns the turns by lever. The records of people are
        walked through once for all levers.
        """
        now: dict[str, Turn] = {}
        for lever, factors in given.items():
            if lever in before:
                self.turns.remove(before[lever])
            if (factors != 1).any():
                now[lever] = Turn(PEOPLE.index(lever), factors, None, name)
                self.turns.append(now[lever])
        touched = np.array(
            [PEOPLE.index(lever) for lever in given if lever in now or lever in before], np.int64
        )
        if len(touched):
            columns = np.array([self._column(int(lever)) for lever in touched], np.float32)
            _write(self.people, touched, columns)
        return now

    def state(self) -> list[Any]:
        """The turns for a checkpoint: lever, factor, rows, name of each."""
        return [[turn.lever, turn.factor, turn.rows, turn.name] for turn in self.turns]

    def put_back(self, state: Sequence[Any]) -> None:
        """The turns of a checkpoint in place of all; ``people["lever"]`` is taken to hold their product."""
        self.turns[:] = [
            Turn(int(lever), own(factor), None if rows is None else rows.copy(), name)
            for lever, factor, rows, name in state
        ]

    def apply_all(self) -> None:
        """Compute the columns of all levers in force afresh."""
        for lever in {turn.lever for turn in self.turns}:
            self._apply(lever)

    def _apply(self, lever: int) -> None:
        self.people["lever"][:, lever] = self._column(lever)

    def _column(self, lever: int) -> np.ndarray:
        """A lever's column computed afresh, so that turning and releasing leaves no rounding behind."""
        column = np.ones(len(self.people), np.float64)
        for turn in self.turns:
            if turn.lever == lever:
                if turn.rows is None:
                    column *= turn.factor
                else:
                    column[turn.rows] *= turn.factor
        return column
