"""Makes the runs of draws: every experiment of a comparison under other values of the catalogue."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from icsim import evidence
from icsim.analysis.doubt import ASSUMPTIONS, ENSEMBLE, PAIRS_EACH, numbered, parameters_of, rows_to_draw
from icsim.analysis.planning import bad
from icsim.analysis.runs import Runs, Trial
from icsim.evidence import ensemble as ensembles
from icsim.evidence import places, plausible
from icsim.experiment import Experiment
from icsim.experiment.errors import near

if TYPE_CHECKING:
    import pandas as pd

USUAL = {ASSUMPTIONS: 16, ENSEMBLE: 8}
"""Draws made where nobody says how many: enough to see how large the doubt is, too few to see of what."""
PEOPLE = 25_000
"""Who live in a run of a draw where nobody says how many: more say more, and take longer."""
NEEDED = ("monthly", "by_age_and_imd", "money")
MOST_DRAWS = 10_000
COLUMNS = ("study", "draw", "replicate", "experiment", "outcome", "value")
VALUES = ("study", "draw", "key", "value")


@dataclass
class Drawing:
    """The draws of a comparison: planned before anything runs, made when it is known what the runs read.

    Attributes:
        loaded: the experiments, the reference first.
        counts: draws of each study.
        sample: share of the residents who live in their runs.
        over: patterns of assumed keys.
        behaviours: sets of plausible behaviour, where some are drawn.
        notes: what a reader must know of them.
    """

    loaded: list[Experiment]
    counts: dict[str, int]
    sample: float
    over: tuple[str, ...] = ()
    behaviours: ensembles.Ensemble | None = None
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rows: list[tuple[Any, ...]] = []
        self._values: list[tuple[Any, ...]] = []
        self._keys: dict[str, int] = {}

    @classmethod
    def planned(
        cls,
        loaded: list[Experiment],
        assumptions: int | None,
        over: Sequence[str],
        ensemble: int | None,
        ensemble_file: str | Path | None,
        sample: float | None = None,
    ) -> "Drawing":
        """What is asked for, or one clear error."""
        asked = {ASSUMPTIONS: assumptions, ENSEMBLE: ensemble}
        for key, count in asked.items():
            if count is not None and not 0 <= count <= MOST_DRAWS:
                raise bad(key, f"expected a whole number of draws from 0 to {MOST_DRAWS:,}", count)
        usual = USUAL | ({ENSEMBLE: 0} if over else {})  # which has values that may be asked for
        counts = {study: usual[study] if count is None else count for study, count in asked.items()}
        most = len(plausible.shipped().numbers)
        if counts[ASSUMPTIONS] > most and not over:
            raise bad(
                "assumptions", f"{most} plausible draws come with icsim (more with --over KEYS)", assumptions
            )
        catalogue = evidence.load()
        for pattern in over:
            assumed = [row.key for row in catalogue if row.kind == "assumed"]
            if not rows_to_draw(catalogue, assumed, [pattern]):
                said = (
                    "no assumed value of the catalogue that has a range is called so (* stands for anything)"
                )
                raise bad("over", said, pattern, near(pattern, assumed))
        if over and not counts[ASSUMPTIONS]:
            raise bad("over", "it narrows --assumptions, which is 0")
        behaviours = None
        if counts[ENSEMBLE]:
            try:
                behaviours = ensembles.read(catalogue, ensemble_file)
            except ensembles.EnsembleError as error:
                raise bad("ensemble", str(error)) from None
        own = loaded[0].population.sample
        if sample is None:
            sample = min(own, float(f"{PEOPLE / places.resolve(loaded[0].place).population:.2g}"))
        elif not 0 < sample <= own:
            raise bad(
                "draw-sample", f"expected a share above 0 and up to the comparison's own, {own:g}", sample
            )
        return cls(loaded, {study: n for study, n in counts.items() if n}, sample, tuple(over), behaviours)

    @property
    def runs(self) -> int:
        """How many runs all draws take."""
        return sum(self.counts.values()) * PAIRS_EACH * len(self.loaded)

    def about(self) -> dict[str, Any]:
        """What the manifest says: by study the draws, how many values vary, and of how many people."""
        part = self.sample / self.loaded[0].population.sample
        found: dict[str, Any] = {
            study: {"draws": count, "values": self._keys.get(study, 0), "pairs_each": PAIRS_EACH,
                    "sample": self.sample, "of_the_people": part}
            for study, count in self.counts.items()
        }  # fmt: skip
        if ASSUMPTIONS in found:
            found[ASSUMPTIONS] |= (
                {"over": list(self.over)} if self.over else {"about": plausible.shipped().about}
            )
        if self.behaviours is not None and ENSEMBLE in found:
            found[ENSEMBLE]["about"] = dict(self.behaviours.about)
        return found

    @cached_property
    def _fixed(self) -> set[str]:
        """Keys that an experiment sets."""
        return {key for experiment in self.loaded for key in experiment.parameters}

    def make(self, runs: Runs, read: Iterable[str], advance: Callable[..., None]) -> None:
        """Make the runs of all draws, of values that the runs before have read."""
        sets = {
            study: self._behaved(count) if study == ENSEMBLE else self._assumed(count, set(read))
            for study, count in self.counts.items()
        }
        self.counts = {study: len(each) for study, each in sets.items() if each}
        self._keys = {study: len(sets[study][0]) for study in self.counts}
        found: dict[tuple[str, int], dict[tuple[int, int], Any]] = {}
        for trial, said in runs.make(self._trials(sets)):
            found.setdefault(trial.draw, {})[trial.replicate, trial.at] = said
            advance(1)
        wrong = [said for each in found.values() for said in each.values() if isinstance(said, str)]
        left_out = sum(any(isinstance(said, str) for said in each.values()) for each in found.values())
        if wrong:
            self.notes.append(
                f"{left_out} of {len(found)} draws could not be run and are left out: {wrong[0]}"
            )
        for (study, number), each in sorted(found.items()):
            if any(isinstance(said, str) for said in each.values()):
                continue
            self._rows += [
                (study, number, replicate, at, outcome, value)
                for (replicate, at), said in sorted(each.items())
                for outcome, value in said
            ]
            self._values += [(study, number, key, value) for key, value in sets[study][number].items()]

    def _behaved(self, count: int) -> list[dict[str, float]]:
        """Sets of behaviour, without what an experiment sets."""
        assert self.behaviours is not None
        sets = [
            {key: value for key, value in one.items() if key not in self._fixed}
            for one in self.behaviours.sets
        ]
        return [sets[k % len(sets)] for k in range(count)]

    def _assumed(self, count: int, read: set[str]) -> list[dict[str, float]]:
        """Draws of assumed values, without those that the other study varies; plausible ones if of all."""
        apart = set() if self.behaviours is None else set(self.behaviours.keys)
        rows = rows_to_draw(evidence.load(), read, self.over, self._fixed | apart)
        if not rows and self.over:
            raise bad("over", "these runs read no such value that is not set", list(self.over))
        numbers = range(count) if self.over else plausible.shipped().numbers[:count]
        return numbered(rows, numbers) if rows else []

    def _trials(self, sets: Mapping[str, Sequence[Mapping[str, float]]]) -> Iterator[Trial]:
        """Pairs of every draw, at seeds that no other of its study has."""
        recorded = {f"record.{table}": True for table in NEEDED}
        written = [experiment.to_dict() for experiment in self.loaded]
        for study, draws in sets.items():
            for number, draw in enumerate(draws):
                given = [parameters_of(draw, each["parameters"]) for each in written]
                for replicate, (at, each) in product(range(PAIRS_EACH), enumerate(written)):
                    seed = each["seed"] + (number + 1) * PAIRS_EACH + replicate
                    own = {"seed": seed, "replicates": 1, "population.sample": self.sample, **recorded}
                    yield Trial((study, number), at, replicate, each, own, given[at])

    def tables(self, labels: Sequence[str]) -> dict[str, "pd.DataFrame"]:
        """``draws`` and ``drawn_values``; nothing where nothing was drawn."""
        import pandas as pd

        if not self.runs:
            return {}
        figures = pd.DataFrame(self._rows, columns=list(COLUMNS))
        figures["experiment"] = [labels[at] for at in figures["experiment"]]
        return {"draws": figures, "drawn_values": pd.DataFrame(self._values, columns=list(VALUES))}
