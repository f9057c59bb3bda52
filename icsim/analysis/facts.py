"""Facts: a number or a word read from a run's tables, with how to read it again.

Sentences of an explanation hold facts and nothing else that could be wrong; whoever doubts one looks it up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from icsim.recording.run import Run

READ = ("events", "decisions", "relationships", "services", "money", "comparison", "differences")


class Tables(Mapping[str, "pd.DataFrame"]):
    """The tables of one or several runs of one experiment, one below another, each run a ``replicate``.

    Args:
        runs: runs alike but for their luck.
        more: further tables by name, as those of a comparison.

    Attributes:
        count: how many replicates there are.
    """

    def __init__(self, runs: "Sequence[Run]", more: "Mapping[str, pd.DataFrame] | None" = None) -> None:
        self._runs = list(runs)
        self._read: dict[str, pd.DataFrame] = dict(more or {})
        self.count = max(1, sum(run.replicates for run in self._runs))

    def __getitem__(self, name: str) -> "pd.DataFrame":
        if name not in self._read:
            import pandas as pd

            frames, before = [], 0
            for run in self._runs:
                if name not in run.manifest["tables"]:
                    raise KeyError(name)
                frame = pd.read_parquet(run.path / f"{name}.parquet")
                frames.append(frame.assign(replicate=frame["replicate"] + before))
                before += run.replicates
            if not frames:
                raise KeyError(name)
            self._read[name] = pd.concat(frames, ignore_index=True)
        return self._read[name]

    def __contains__(self, name: object) -> bool:
        return name in self._read or any(name in run.manifest["tables"] for run in self._runs)

    def __iter__(self) -> Any:
        return iter(name for name in READ if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(frozen=True)
class Fact:
    """What some rows of a table come to.

    Attributes:
        table, column: where it is.
        rows: which rows, by column: one value, or several any of which will do.
        how: ``mean``, ``sum``, ``share`` (mean times 100), ``rows`` (their number), ``rows a run``, ``runs``
            (replicates with such rows) or ``text`` (the commonest value).
        value: what they came to when it was read.
        form: how it is written, as ``format`` takes it.
    """

    table: str
    column: str
    rows: tuple[tuple[str, tuple[Any, ...]], ...]
    how: str
    value: float | str
    form: str = ""

    @classmethod
    def of(
        cls, tables: Mapping[str, Any], table: str, column: str, how: str, form: str = "", **rows: Any
    ) -> "Fact":
        """Read one; ``rows`` by column. NaN or "" where there are no such rows."""
        chosen = tuple(
            (key, tuple(value) if isinstance(value, list | tuple) else (value,))
            for key, value in rows.items()
        )
        return cls(table, column, chosen, how, _read(tables, table, column, chosen, how), form)

    def again(self, tables: Mapping[str, Any]) -> float | str:
        """The value as the tables have it now."""
        return _read(tables, self.table, self.column, self.rows, self.how)

    def __str__(self) -> str:
        return format(self.value, self.form)

    @property
    def source(self) -> str:
        """Where it was read, in words."""
        which = ", ".join(f"{key} {' or '.join(map(str, values))}" for key, values in self.rows)
        return f"{self.table}: {self.how} of {self.column}" + (f" where {which}" if which else "")


def _read(
    tables: Mapping[str, Any],
    table: str,
    column: str,
    rows: tuple[tuple[str, tuple[Any, ...]], ...],
    how: str,
) -> float | str:
    frame = tables[table]
    for key, values in rows:
        frame = frame[frame[key].isin(values)]
    if how == "rows":
        return float(len(frame))
    if how == "rows a run":
        return len(frame) / getattr(tables, "count", 1)
    if how == "runs":
        return float(frame["replicate"].nunique())
    if how == "text":
        found = frame[column]
        return str(found.mode().iloc[0]) if len(found) else ""
    values = frame[column].astype(float)
    if not len(values):
        return float("nan")
    return float(values.sum()) if how == "sum" else float(values.mean()) * (100 if how == "share" else 1)


@dataclass(frozen=True)
class Sentence:
    """A sentence and the facts that it holds; ``text`` is made of them."""

    text: str
    facts: tuple[Fact, ...] = ()

    @classmethod
    def made(cls, pattern: str, **facts: "Fact | str") -> "Sentence":
        """A sentence whose gaps ``{name}`` are facts, or words that hold no number."""
        held = tuple(fact for fact in facts.values() if isinstance(fact, Fact))
        return cls(pattern.format(**{name: str(value) for name, value in facts.items()}), held)

    def holds(self, tables: Mapping[str, Any]) -> bool:
        """Whether the tables still say so."""
        return all(fact.again(tables) == fact.value for fact in self.facts)


def moved(before: Fact, after: Fact, least: float) -> str:
    """The verb for a change: ``rose``, ``fell``, or ``stayed`` where it is less than ``least``."""
    change = float(after.value) - float(before.value)
    if not abs(change) >= least:  # NaN stays
        return "stayed"
    return "rose" if change > 0 else "fell"
