"""Neighbourhoods of 30,000-50,000 people for the community teams, from whole neighbouring middle-layer areas.

An LSOA's name carries its middle-layer area (MSOA): "Salford 012B" lies in "Salford 012". Within an authority
the numbers run roughly from north to south, so an unbroken run of MSOAs is a patch of the map.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

OUTSIDE = 100.0  # weight of people outside the range of sizes against the spread within it


@dataclass(frozen=True)
class Grouping:
    """Which authority and neighbourhood each LSOA of a place lies in."""

    authorities: pd.DataFrame  # name, code, population
    neighbourhoods: pd.DataFrame  # name, authority (row of authorities), population
    authority: np.ndarray  # (LSOAs,) row of authorities
    neighbourhood: np.ndarray  # (LSOAs,) row of neighbourhoods
    rank: np.ndarray  # (LSOAs,) place of its MSOA within the authority, 0 the most northerly


def group(lsoas: pd.DataFrame, size: float, low: float, high: float) -> Grouping:
    """Group LSOAs (``lsoa_name``, ``lad``, ``lad_name``, ``age_0``...) into neighbourhoods of about ``size``.

    Neighbourhoods never cross an authority's boundary; populations stay within ``low`` to ``high`` where
    whole MSOAs allow. The part of an authority in the place, if below ``low``, is one small neighbourhood.
    """
    population = lsoas.filter(regex=r"^age_\d+$").to_numpy(dtype=np.int64).sum(axis=1)
    codes, names = lsoas["lad"].astype(str).to_numpy(), lsoas["lad_name"].astype(str).to_numpy()
    areas = np.array([middle_layer_area(str(name)) for name in lsoas["lsoa_name"]])
    authority = np.zeros(len(lsoas), dtype=np.int64)
    neighbourhood, rank = authority.copy(), authority.copy()
    authority_rows: list[tuple[str, str, int]] = []
    rows: list[tuple[str, int, int]] = []
    for code in dict.fromkeys(codes):
        inside = np.flatnonzero(codes == code)
        name = str(names[inside[0]])
        _, place_of = np.unique(areas[inside], return_inverse=True)
        sizes = np.bincount(place_of, weights=population[inside]).astype(np.int64)
        part = _split(sizes, size, low, high)
        authority[inside] = len(authority_rows)
        rank[inside] = place_of
        neighbourhood[inside] = len(rows) + part[place_of]
        count = int(part[-1]) + 1
        for i in range(count):
            label = name if count == 1 else f"{name} {i + 1}"
            rows.append((label, len(authority_rows), int(sizes[part == i].sum())))
        authority_rows.append((name, str(code), int(sizes.sum())))
    return Grouping(
        pd.DataFrame(authority_rows, columns=["name", "code", "population"]),
        pd.DataFrame(rows, columns=["name", "authority", "population"]),
        authority,
        neighbourhood,
        rank,
    )


def middle_layer_area(lsoa_name: str) -> str:
    """The MSOA of an LSOA by name: "Salford 012B" lies in "Salford 012"."""
    return lsoa_name.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") or lsoa_name


def _split(sizes: np.ndarray, size: float, low: float, high: float) -> np.ndarray:
    """Cut a row of areas into unbroken runs of about ``size`` people; the number of the run of each area."""
    total = float(sizes.sum())
    fewest = max(1, int(total / size))
    count = min((fewest, fewest + 1), key=lambda k: abs(np.log(max(total, 1.0) / k / size)))
    count = min(count, len(sizes))
    until = np.concatenate([[0.0], np.cumsum(sizes, dtype=np.float64)])
    people = until[None, :] - until[:, None]  # of the run of areas i to j - 1
    over = np.maximum(people - high, 0.0) + np.maximum(low - people, 0.0)
    cost = (people - total / count) ** 2 + OUTSIDE * over**2
    cost[people <= 0] = np.inf
    best, choices = cost[0], []
    for _ in range(count - 1):
        through = best[:, None] + cost
        choice = through.argmin(axis=0)
        choices.append(choice)
        best = through[choice, np.arange(len(until))]
    part = np.zeros(len(sizes), dtype=np.int64)
    end = len(sizes)
    for k in range(count - 1, 0, -1):
        start = int(choices[k - 1][end])
        part[start:end] = k
        end = start
    return part
