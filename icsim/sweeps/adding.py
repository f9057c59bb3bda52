"""Places of a sweep side by side, ready for a map, and what they add up to."""

from typing import TYPE_CHECKING, Any

from icsim.analysis.outcomes import ALL, KNOWN
from icsim.evidence import places
from icsim.recording.store import ResultError
from icsim.sweeps.dataset import Dataset

if TYPE_CHECKING:
    import pandas as pd

NOT_ADDED = ("%", "days", "z per 1,000", "per 1,000", "ratio", "0 to 1")
"""Units of outcomes that have a mean over people and no sum."""


def by_place(dataset: Dataset, policy: str = "", financial_year: str = ALL) -> "pd.DataFrame":
    """A row for each place: ``place``, ``code`` (of its CCG), ``people`` (all who live there), and outcomes.

    Means over replicates and other factors. Counts are of everybody: a sample's are divided by its share.

    Raises:
        ResultError: the place is no factor of the sweep.
    """
    if "place" not in {factor.key for factor in dataset.design.factors}:
        raise ResultError(f"{dataset.url} is of one place: a table of places needs place as a factor")
    table: Any = dataset.outcomes(financial_year)
    table = table[table["policy"] == policy]
    names = [name for name in table if name not in dataset.design.table]
    known = {spec: places.resolve(spec) for spec in table["place"].unique()}
    everybody = table["place"].map({spec: place.population for spec, place in known.items()})
    share = table["people"] / everybody
    for name in names:
        if _adds(name):
            table[name] = table[name] / share
    found = table.groupby("place", sort=False)[names].mean().reset_index()
    codes = {spec: str(place.lsoas["ccg"].mode().iloc[0]) for spec, place in known.items()}
    people = {spec: place.population for spec, place in known.items()}
    found.insert(1, "code", found["place"].map(codes))
    found.insert(2, "people", found["place"].map(people))
    return found


def _adds(name: str) -> bool:
    return name in KNOWN and KNOWN[name].unit not in NOT_ADDED


def total(table: "pd.DataFrame") -> "pd.Series":
    """All places together: sums of counts, and means over people of what has no sum."""
    import pandas as pd

    people: Any = table["people"]
    found: dict[str, float] = {"people": float(people.sum())}
    for name in table.columns[3:]:
        column: Any = table[name]
        there = column.notna()
        weighted = (column * people)[there].sum() / people[there].sum()
        found[str(name)] = float(column.sum() if _adds(str(name)) else weighted)
    return pd.Series(found)
