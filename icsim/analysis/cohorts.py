"""A cohort picked by risk, and what three ways of looking say a policy did to it: naive, matched, twins."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from icsim import evidence
from icsim.analysis.marked import ABSENT
from icsim.analysis.twins import years_in
from icsim.population.columns import AGE_BAND_OF_AGE

if TYPE_CHECKING:
    import pandas as pd

NAIVE, MATCHED, TRUE = "before and after", "matched controls", "their twins"
ESTIMATES = (NAIVE, MATCHED, TRUE)
OUTCOME = "emergency_admissions"
MOST_COUNTED = 4
"""Prior admissions from which people are alike for matching."""
CONDITIONS_FROM = (0, 1, 2, 3, 5)
"""Numbers of conditions at which groups for matching begin."""
LEVELS = (
    ("age_band", "sex", "fifth", "prior", "conditions"),
    ("age_band", "sex", "prior", "conditions"),
    ("age_band", "prior", "conditions"),
    ("age_band", "prior"),
    ("prior",),
)
"""What controls share with a person, most first: where there are none the next is taken."""


@dataclass(frozen=True)
class Cohort:
    """Whom a programme would take on by the end of the index year.

    Attributes:
        name: in words.
        min_age: youngest age on the index day.
        min_admissions: least emergency admissions in the index year.
        top_share: the share of residents with the highest noisy score; 1 is everybody.
    """

    name: str
    min_age: int = 0
    min_admissions: int = 0
    top_share: float = 1.0

    def members(self, people: "pd.DataFrame", index_year: str) -> np.ndarray:
        """A mask over people: those there on the index day who meet all of it."""
        age = people["index_age"].to_numpy()
        there = age != ABSENT
        admissions = people[f"{OUTCOME}_{index_year.replace('/', '_')}"].to_numpy()
        chosen = there & (age >= self.min_age) & (admissions >= self.min_admissions)
        if self.top_share < 1:
            score = people["index_score"].to_numpy()
            chosen &= score > np.quantile(score[there], 1 - self.top_share)
        return chosen


def usual_cohorts() -> tuple[Cohort, ...]:
    """Two ways in which programmes chose people, their numbers from the catalogue."""
    v = {row.key: row.value for row in evidence.load()}
    age, least = int(v["cohort_age"]), int(v["cohort_admissions"])
    share = float(v["cohort_top_share"])
    return (
        Cohort(f"{age} and over, {least} or more admissions", min_age=age, min_admissions=least),
        Cohort(f"top {100 * share:g}% by a noisy risk score", top_share=share),
    )


def strata(people: "pd.DataFrame", index_year: str) -> "pd.DataFrame":
    """What people are matched on, for those there on the index day, with use in the years before and after.

    Age band, sex and number of conditions on the index day, fifth of deprivation, emergency admissions in the
    index year (4 or more alike).

    Returns:
        columns of ``LEVELS[0]``, ``before`` and ``after``: emergency admissions of index year and next.
    """
    import pandas as pd

    years = list(years_in(people).values())
    before = people[f"{OUTCOME}_{index_year.replace('/', '_')}"]
    after = people[f"{OUTCOME}_{years[years.index(index_year.replace('/', '_')) + 1]}"]
    there = people["index_age"].to_numpy() != ABSENT
    found: Any = pd.DataFrame(
        {
            "age_band": AGE_BAND_OF_AGE[np.maximum(people["index_age"].to_numpy(), 0)],
            "sex": people["sex"].to_numpy(),
            "fifth": (people["imd_decile"].to_numpy(int) + 1) // 2,
            "prior": np.minimum(before.to_numpy(), MOST_COUNTED),
            "conditions": np.searchsorted(
                CONDITIONS_FROM, people["index_conditions"].to_numpy(), side="right"
            ),
            "before": before.to_numpy(float),
            "after": after.to_numpy(float),
        },
        index=people.index,
    )
    return found[there]


@dataclass(frozen=True)
class Controls:
    """People of a world without the policy: by level of matching, the mean use of each group."""

    means: tuple[Any, ...]

    @classmethod
    def of(cls, known: "pd.DataFrame") -> "Controls":
        """From the ``strata`` of everybody there."""
        return cls(tuple(known.groupby(list(level))["after"].mean() for level in LEVELS))

    def matched(self, treated: "pd.DataFrame") -> tuple[np.ndarray, np.ndarray]:
        """The mean use of each person's controls, (n,), and the level at which they were found, from 0.

        NaN and ``len(LEVELS)`` for a person without any.
        """
        expected = np.full(len(treated), np.nan)
        level_of = np.full(len(treated), len(LEVELS))
        for k, (level, means) in enumerate(zip(LEVELS, self.means, strict=True)):
            found = _looked_up(treated, level, means)
            new = np.isnan(expected) & ~np.isnan(found)
            expected[new], level_of[new] = found[new], k
        return expected, level_of


def _looked_up(treated: "pd.DataFrame", level: Sequence[str], means: Any) -> np.ndarray:
    """The group's mean of each person, NaN where there is no such group."""
    import pandas as pd

    known: Any = treated
    if len(level) == 1:
        return means.reindex(known[level[0]]).to_numpy(float)
    return means.reindex(pd.MultiIndex.from_frame(known[list(level)])).to_numpy(float)


@dataclass(frozen=True)
class Followed:
    """A cohort of one pair of worlds: its members, as ``strata``, under the policy and in the reference."""

    treated: "pd.DataFrame"
    twins: "pd.DataFrame"

    @classmethod
    def of(
        cls, cohort: Cohort, reference: "pd.DataFrame", policy: "pd.DataFrame", index_year: str
    ) -> "Followed":
        """Pick the cohort by what is known of the reference, which before the policy is the same in both."""
        rows = reference.index[cohort.members(reference, index_year)]
        return cls(strata(policy.loc[rows], index_year), strata(reference.loc[rows], index_year))

    def estimates(self, controls: Controls | None) -> Iterator[tuple[str, float]]:
        """What an evaluator would say: emergency admissions a member in the year after the index year.

        Yields:
            (name, value): ``members``; ``before`` and ``after`` under the policy; ``share_matched`` alike in
            all five; then each of ``ESTIMATES``, the change that would be reported.
        """
        treated, twins = (frame.to_dict("series") for frame in (self.treated, self.twins))
        yield "members", float(len(self.treated))
        if not len(self.treated):
            return
        yield "before", float(treated["before"].mean())
        yield "after", float(treated["after"].mean())
        yield NAIVE, float((treated["after"] - treated["before"]).mean())
        if controls is not None:
            expected, level = controls.matched(self.treated)
            found = ~np.isnan(expected)
            if found.any():
                yield "share_matched", float((level == 0).mean())
                yield MATCHED, float((treated["after"].to_numpy()[found] - expected[found]).mean())
        yield TRUE, float((treated["after"] - twins["after"]).mean())
