"""General practices: how many, how large, in which neighbourhood, and who registers where."""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from icsim.population.neighbourhoods import Grouping

if TYPE_CHECKING:
    from icsim.evidence import Catalogue

QUANTILES = (0.05, 0.25, 0.50, 0.75, 0.95)
NEAR = 1.5  # MSOAs over which the pull of a practice of one's own neighbourhood falls by a factor e
ROUNDS = 30  # of proportional fitting


@dataclass(frozen=True)
class Registration:
    """The practices and, for each LSOA, who its people register with."""

    practices: pd.DataFrame  # name, neighbourhood (row), list_size (target)
    start: np.ndarray  # (LSOAs + 1,) where each LSOA's practices begin in the two arrays below
    practice: np.ndarray  # practice rows
    until: np.ndarray  # cumulated share of the LSOA's people, the last 1


def register(
    grouping: Grouping,
    population: np.ndarray,
    asked: int | Sequence[object] | None,
    published: np.ndarray | None,
    catalogue: "Catalogue",
) -> Registration:
    """Place practices and share people out among them.

    ``population`` is people by LSOA; ``asked`` a number of practices, or a list of names, list sizes or
    mappings with ``name`` and ``list_size``; ``published`` the list sizes of the place's practices.
    People mostly register with a practice of their neighbourhood, nearer ones first, the rest with others of
    their authority; list sizes come out near their targets.
    """
    names, sizes = _targets(asked, published, float(population.sum()), catalogue)
    at = _settle(sizes, grouping.neighbourhoods["population"].to_numpy())
    order = np.lexsort((-sizes, at))
    sizes, at, names = sizes[order], at[order], [names[i] for i in order]
    labels = grouping.neighbourhoods["name"].to_numpy()
    number = np.arange(len(at)) - np.searchsorted(at, at) + 1
    practices = pd.DataFrame(
        {
            "name": [
                given or f"{labels[n]} practice {k}" for given, n, k in zip(names, at, number, strict=True)
            ],
            "neighbourhood": at,
            "list_size": sizes.round().astype(np.int64),
        }
    )
    own, far = catalogue.value("practice_own_neighbourhood_share"), catalogue.value("practice_pull_far")
    start, practice, until = _share_out(grouping, population, sizes, at, own, far)
    return Registration(practices, start, practice, until)


def _targets(
    asked: int | Sequence[object] | None, published: np.ndarray | None, people: float, catalogue: "Catalogue"
) -> tuple[list[str | None], np.ndarray]:
    """Names (None: to be made) and target list sizes that sum to ``people``."""
    if asked is None:
        count = round(people / catalogue.value("practice_list_size_2017"))
        count = len(published) if published is not None and len(published) else max(1, count)
    else:
        count = asked if isinstance(asked, int) else len(asked)
    if count < 1:
        raise ValueError(f"practices: expected at least one, got {asked!r}")
    names: list[str | None] = [None] * count
    sizes = _shape(count, published, catalogue)
    sizes *= people / sizes.sum()
    if asked is not None and not isinstance(asked, int):
        fixed = np.zeros(count, dtype=bool)
        for i, one in enumerate(asked):
            name, size = _read(one)
            names[i] = name
            if size is not None:
                sizes[i], fixed[i] = size, True
        if not fixed.all() and people > sizes[fixed].sum():
            sizes[~fixed] *= (people - sizes[fixed].sum()) / sizes[~fixed].sum()
    return names, sizes * (people / sizes.sum())


def _read(one: object) -> tuple[str | None, float | None]:
    if isinstance(one, str):
        return one, None
    if isinstance(one, int | float) and not isinstance(one, bool) and one > 0:
        return None, float(one)
    if isinstance(one, Mapping):
        size = one.get("list_size")
        return one.get("name"), None if size is None else float(size)
    raise ValueError(f"practices: expected a name, a list size or a mapping of both, got {one!r}")


def _shape(count: int, published: np.ndarray | None, catalogue: "Catalogue") -> np.ndarray:
    """Relative list sizes of ``count`` practices, from the place's own where published, else England's."""
    if published is not None and len(published) == count:
        return np.sort(published)[::-1].astype(float)
    at = (np.arange(count) + 0.5) / count
    if published is not None and len(published) > 1:
        return np.quantile(published, 1 - at).astype(float)
    sizes = [catalogue.value(f"gp_list_distribution_2021_p{round(100 * q)}") for q in QUANTILES]
    return np.exp(np.interp(1 - at, QUANTILES, np.log(sizes)))


def _settle(sizes: np.ndarray, population: np.ndarray) -> np.ndarray:
    """The neighbourhood of each practice: the largest practice first, where most people lack one."""
    lacking = [(-float(people), i) for i, people in enumerate(population)]
    heapq.heapify(lacking)
    at = np.zeros(len(sizes), dtype=np.int64)
    for i in np.argsort(-sizes, kind="stable"):
        people, neighbourhood = lacking[0]
        at[i] = neighbourhood
        heapq.heapreplace(lacking, (people + float(sizes[i]), neighbourhood))
    return at


def _blocks(grouping: Grouping, at: np.ndarray) -> np.ndarray:
    """The block within which people of a neighbourhood choose: an authority that has a practice."""
    authority = grouping.neighbourhoods["authority"].to_numpy()
    has = np.bincount(authority[at], minlength=len(grouping.authorities)) > 0
    block = np.minimum(np.cumsum(has) - has, has.sum() - 1)
    return block[authority]


def _share_out(
    grouping: Grouping, population: np.ndarray, sizes: np.ndarray, at: np.ndarray, own: float, far: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shares of each LSOA's people by practice, by proportional fitting within blocks of neighbourhoods."""
    block_of_neighbourhood = _blocks(grouping, at)
    block = block_of_neighbourhood[grouping.neighbourhood]
    block_of_practice = block_of_neighbourhood[at]
    where = _positions(grouping, at)
    cells: list[tuple[np.ndarray, np.ndarray]] = [(np.empty(0), np.empty(0))] * len(population)
    for b in np.unique(block):
        rows = np.flatnonzero(block == b)
        columns = np.flatnonzero(block_of_practice == b)
        home = grouping.neighbourhood[rows][:, None] == at[columns][None, :]
        distance = np.abs(grouping.rank[rows][:, None] - where[columns][None, :])
        pull = sizes[columns] * np.where(home, np.exp(-distance / NEAR) + far, 0.0)
        away = sizes[columns] * ~home
        pull /= np.maximum(pull.sum(axis=1, keepdims=True), 1e-300)
        away /= np.maximum(away.sum(axis=1, keepdims=True), 1e-300)
        people = np.maximum(population[rows].astype(float), 1e-9)
        share = _fit((own * pull + (1 - own) * away) * people[:, None], people, sizes[columns])
        until = np.cumsum(share / share.sum(axis=1, keepdims=True), axis=1)
        until[:, -1] = 1.0
        for row, shares in zip(rows, until, strict=True):
            cells[row] = (columns, shares)
    start = np.concatenate([[0], np.cumsum([len(c) for c, _ in cells])]).astype(np.int64)
    return (
        start,
        np.concatenate([c for c, _ in cells]).astype(np.uint16),
        np.concatenate([s for _, s in cells]).astype(np.float64),
    )


def _positions(grouping: Grouping, at: np.ndarray) -> np.ndarray:
    """Where each practice stands among the MSOAs of its neighbourhood: spread evenly."""
    where = np.zeros(len(at))
    for neighbourhood in np.unique(at):
        ranks = np.unique(grouping.rank[grouping.neighbourhood == neighbourhood])
        mine = np.flatnonzero(at == neighbourhood)
        where[mine] = np.quantile(ranks, (np.arange(len(mine)) + 0.5) / len(mine))
    return where


def _fit(table: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Proportional fitting of ``table`` to its row sums and, scaled to the same total, its column sums."""
    target = columns * (rows.sum() / columns.sum())
    for _ in range(ROUNDS):
        table = table * (target / np.maximum(table.sum(axis=0), 1e-300))
        table *= (rows / np.maximum(table.sum(axis=1), 1e-300))[:, None]
    return table
