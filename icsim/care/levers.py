"""Levers: how interventions and organisations change care without touching the day's kernel.

A lever multiplies. Levers of people (``icsim.population.columns.Lever``) work on whoever they are turned for;
levers of services (``SERVICES``) work on a capacity of an organisation, or of all organisations of a kind.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from icsim.care.together import levers
from icsim.evidence.nearest import nearest
from icsim.population.columns import Lever

PEOPLE = tuple(lever.name.lower() for lever in Lever)


class UnknownLever(ValueError):  # noqa: N818 - says what is wrong
    """No such lever; the message names the nearest."""


@dataclass(eq=False)
class Turn:
    """One turn of one lever: the factor, and for whom (rows, or None for everybody)."""

    lever: int
    factor: float
    rows: np.ndarray | None
    name: str


@dataclass
class Levers:
    """All turns in force in a world; ``people["lever"]`` always holds their product.

    What joint work and services do beside them is in ``icsim.care.together``.
    """

    world: Any
    turns: list[Turn] = field(default_factory=list)

    def turn(
        self, lever: str, factor: float, who: np.ndarray | Sequence[int] | None = None, name: str = ""
    ) -> Turn:
        """Multiply a lever by ``factor`` for people given as a boolean mask or rows, or for everybody.

        Returns the turn, for :meth:`release`. Raises :class:`UnknownLever`, or ``ValueError`` for a factor
        that is not a positive number.
        """
        number = self._number(lever)
        if not (np.isfinite(factor) and factor > 0):
            raise ValueError(f"lever {lever}: expected a factor above 0, got {factor}")
        rows = None if who is None else np.asarray(who)
        if rows is not None and rows.dtype == bool:
            rows = np.flatnonzero(rows)
        turn = Turn(number, float(factor), rows, name)
        self.turns.append(turn)
        self._apply(turn.lever)
        return turn

    def release(self, turn: Turn) -> None:
        """Take back one turn."""
        self.turns.remove(turn)
        self._apply(turn.lever)

    def of(self, lever: str) -> np.ndarray:
        """A lever of each person today, (n,): all turns, joint work and services."""
        return levers(self.world, self._number(lever))

    def state(self) -> list[Any]:
        """The turns for a checkpoint: lever, factor, rows, name of each."""
        return [[turn.lever, turn.factor, turn.rows, turn.name] for turn in self.turns]

    def put_back(self, state: Sequence[Any]) -> None:
        """The turns of a checkpoint in place of all; ``people["lever"]`` is taken to hold their product."""
        self.turns[:] = [
            Turn(int(lever), factor, None if rows is None else rows.copy(), name)
            for lever, factor, rows, name in state
        ]

    def apply_all(self) -> None:
        """Compute the columns of all levers in force afresh."""
        for lever in {turn.lever for turn in self.turns}:
            self._apply(lever)

    @staticmethod
    def _number(lever: str) -> int:
        if lever not in PEOPLE:
            raise UnknownLever(
                f"unknown lever {lever!r}; did you mean {' or '.join(nearest(lever, PEOPLE))}?"
            )
        return PEOPLE.index(lever)

    def _apply(self, lever: int) -> None:
        self.world.people["lever"][:, lever] = self._column(lever)

    def _column(self, lever: int) -> np.ndarray:
        """A lever's column computed afresh, so that turning and releasing leaves no rounding behind."""
        column = np.ones(len(self.world.people), np.float64)
        for turn in self.turns:
            if turn.lever == lever:
                if turn.rows is None:
                    column *= turn.factor
                else:
                    column[turn.rows] *= turn.factor
        return column
