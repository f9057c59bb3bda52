"""Who trusts whom, and how closely they work side by side.

Directed: how far i trusts j says nothing of how far j trusts i. ``trust`` and ``strategy`` say how it moves.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from icsim.experiment.organisations import Kind

if TYPE_CHECKING:
    import networkx as nx

    from icsim.experiment.schema import Relationships as RelationshipsSpec
    from icsim.experiment.schema import RelationshipStep

# From this many organisations on, what is recorded is the mean between kinds.
VERY_MANY_ORGANISATIONS = 300
# From this many organisations on, ties between practices are left out of the record: there are hundreds.
MANY_ORGANISATIONS = 30
SHOWN = ("trust", "contact", "kept", "broken")
"""What is recorded of a tie, and what the view shows."""


class RelationshipRecorder(Protocol):
    """What takes a month's relationships: ``icsim.recording.recorder.Recorder``."""

    def relate(
        self,
        month: date,
        sources: Sequence[str],
        targets: Sequence[str],
        trust: Sequence[float],
        contact: Sequence[float],
        kept: Sequence[float],
        broken: Sequence[float],
    ) -> None:
        """Enter a month's relationships."""
        ...


def _names_in(values: float | dict[str, float]) -> set[str]:
    """Every name or kind that stands in the pairs of an experiment."""
    if not isinstance(values, dict):
        return set()
    return {part for pair in values for part in pair.split("->")}


class Relationships:
    """The directed network between organisations.

    Args:
        names: organisations, each once.
        kinds: their kinds, in the same order.
        spec: the experiment's ``relationships``: trust and contact at the start, by pair of names or kinds.

    Attributes:
        names, kinds: as given, tuples.
        kept, broken: promises kept and broken by j as i remembers them, (n, n), zero at the start.
        closer: share of missing contact that joint posts, one building or shared records make up for, (n, n).

    Raises:
        ValueError: names and kinds of different length, or a name given twice.
    """

    STATE = ("trust", "_contact", "closer", "kept", "broken")

    def __init__(self, names: Sequence[str], kinds: Sequence[str], spec: "RelationshipsSpec") -> None:
        self.names = tuple(names)
        self.kinds = tuple(str(kind) for kind in kinds)
        if len(self.names) != len(self.kinds):
            raise ValueError(f"{len(self.names)} names but {len(self.kinds)} kinds of organisations")
        self._position = {name: position for position, name in enumerate(self.names)}
        if len(self._position) < len(self.names):
            twice = sorted({name for name in self.names if self.names.count(name) > 1})
            raise ValueError(f"organisations need different names; more than one is called {twice[0]!r}")
        n = len(self.names)
        self._named = set().union(*(_names_in(getattr(spec, key)) for key in spec.BY_PAIR))
        self.trust = self.between(spec.value_between("initial_trust"))
        self.contact = self.between(spec.value_between("contact"))
        self.closer = np.zeros((n, n))
        self.kept = np.zeros((n, n))
        self.broken = np.zeros((n, n))
        self._recorded = self._ties()

    def between(self, value: Callable[..., float]) -> np.ndarray:
        """A value for every ordered pair, (n, n), from (kind, name, kind, name); 0 on the diagonal.

        By kind, and pair by pair only for organisations the experiment names.
        """
        kinds = sorted(set(self.kinds))
        kind_of = np.array([kinds.index(kind) for kind in self.kinds], dtype=np.int64)
        by_kind = np.array([[value(one, None, other, None) for other in kinds] for one in kinds])
        values = by_kind[np.ix_(kind_of, kind_of)] if len(kinds) else np.zeros((0, 0))
        everyone = list(zip(self.kinds, self.names, strict=True))
        for i, one in enumerate(everyone):
            for j, other in enumerate(everyone) if one[1] in self._named else ():
                values[i, j] = value(*one, *other)
                values[j, i] = value(*other, *one)
        np.fill_diagonal(values, 0.0)
        return values

    @property
    def trust(self) -> np.ndarray:
        """Trust of i (row) in j (column), (n, n) in [0, 1], 0 on the diagonal; read only: set it whole.

        Setting raises ``ValueError`` for another shape or a value outside [0, 1].
        """
        return self._trust

    @trust.setter
    def trust(self, values: np.ndarray) -> None:
        self._trust = self._checked("trust", values)

    @property
    def contact(self) -> np.ndarray:
        """Contact of i (row) with j (column), (n, n) in [0, 1], 0 on the diagonal; set like ``trust``.

        What is set is the contact without what brings organisations ``closer``.
        """
        return self._contact + (1 - self._contact) * self.closer

    @contact.setter
    def contact(self, values: np.ndarray) -> None:
        self._contact = self._checked("contact", values)

    def _checked(self, what: str, values: np.ndarray) -> np.ndarray:
        n = len(self.names)
        matrix = np.array(values, dtype=np.float64)  # a copy: nobody else can change it later
        if matrix.shape != (n, n):
            raise ValueError(f"{what}: expected a matrix of {n} by {n}, got {matrix.shape}")
        np.fill_diagonal(matrix, 0.0)
        wrong = ~((matrix >= 0) & (matrix <= 1))  # written so that NaN fails too
        if wrong.any():
            i, j = np.argwhere(wrong)[0]
            pair = f"{self.names[i]}->{self.names[j]}"
            raise ValueError(f"{what} {pair}: expected a value from 0 to 1, got {matrix[i, j]}")
        matrix.flags.writeable = False
        return matrix

    def __len__(self) -> int:
        return len(self.names)

    def position(self, name: str) -> int:
        """Row and column of an organisation; raises ``KeyError`` when there is none of this name."""
        return self._position[name]

    def trust_of(self, name: str, other: str) -> float:
        """Trust of one organisation in another, 0-1."""
        return float(self._trust[self.position(name), self.position(other)])

    def contact_of(self, name: str, other: str) -> float:
        """Contact of one organisation with another, 0-1."""
        return float(self.contact[self.position(name), self.position(other)])

    def mean_trust(self) -> float:
        """Mean trust over all ordered pairs; NaN for fewer than two organisations."""
        n = len(self)
        return float(self._trust.sum() / (n * (n - 1))) if n > 1 else float("nan")

    def put_trust(self, step: "RelationshipStep") -> None:
        """Trust becomes what a step of the experiment says, pair by pair; what it leaves out stays."""
        self._named |= _names_in(step.trust if step.trust is not None else {})

        def told(*pair: Any) -> float:
            given = step.trust_between(*pair)
            return np.nan if given is None else given

        told_of = self.between(told)
        self.trust = np.where(np.isnan(told_of), self._trust, told_of)

    def leader_leaves(self, organisation: str | None, share: float) -> None:
        """A leader goes, and with them a share of the trust they held and were held in.

        Trust lives in people: the organisation's trust in others and theirs in it both fall to 1 - share of
        what they were. Contact between the offices stays.

        Args:
            organisation: a name; a kind, for every organisation of it; None for all.
            share: 0-1.

        Raises:
            ValueError: a share outside [0, 1], or no such organisation or kind.
        """
        if not 0 <= share <= 1:
            raise ValueError(f"share of trust lost: expected a value from 0 to 1, got {share}")
        struck = np.array(
            [
                organisation is None or organisation in pair
                for pair in zip(self.names, self.kinds, strict=True)
            ],
            dtype=bool,
        )
        if not struck.any() and organisation is not None:
            raise ValueError(f"{organisation!r} is neither an organisation nor a kind of one here")
        self.trust = np.where(struck[:, None] | struck[None, :], self._trust * (1 - share), self._trust)

    def view(self) -> "nx.DiGraph":
        """A copy of the network as it is now, as a NetworkX graph.

        Nodes have ``kind``; edges ``trust``, ``contact``, and promises ``kept`` and ``broken`` as remembered.
        """
        import networkx as nx

        graph: nx.DiGraph = nx.DiGraph()
        graph.add_nodes_from(
            (name, {"kind": kind}) for name, kind in zip(self.names, self.kinds, strict=True)
        )
        shown = {name: getattr(self, name) for name in SHOWN}
        graph.add_edges_from(
            (one, other, {name: float(values[i, j]) for name, values in shown.items()})
            for i, one in enumerate(self.names)
            for j, other in enumerate(self.names)
            if i != j
        )
        return graph

    def _ties(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns of the ties that are recorded."""
        n = len(self)
        wanted = ~np.eye(n, dtype=bool)
        if n >= MANY_ORGANISATIONS:
            practice = np.array([kind == Kind.GP_PRACTICE for kind in self.kinds])
            wanted &= ~np.outer(practice, practice)
        rows, columns = np.nonzero(wanted)
        return rows, columns

    def record(self, recorder: RelationshipRecorder, month: date) -> None:
        """Enter the month (its first day) into a recorder.

        Every ordered pair; with ``MANY_ORGANISATIONS`` or more, without the pairs of two practices; with
        ``VERY_MANY_ORGANISATIONS`` or more, the means between kinds under the kinds' names.
        """
        shown = [getattr(self, name) for name in SHOWN]
        if len(self) >= VERY_MANY_ORGANISATIONS:
            kinds, kind_of = np.unique(self.kinds, return_inverse=True)
            pairs = [(i, j) for i in range(len(kinds)) for j in range(len(kinds))]
            masks = [np.ix_(kind_of == i, kind_of == j) for i, j in pairs]
            recorder.relate(
                month,
                [str(kinds[i]) for i, _ in pairs],
                [str(kinds[j]) for _, j in pairs],
                *([float(values[mask].mean()) for mask in masks] for values in shown),
            )
            return
        rows, columns = self._recorded
        recorder.relate(
            month,
            [self.names[i] for i in rows.tolist()],
            [self.names[j] for j in columns.tolist()],
            *(values[rows, columns].tolist() for values in shown),
        )
