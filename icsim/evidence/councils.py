"""Which council runs adult social care where, 2015-18: the county of two-tier districts, or the district."""

import csv
import json
from collections.abc import Mapping
from functools import cache, lru_cache

from icsim.evidence.places import Place, PlaceSpec, normalised, resolve
from icsim.evidence.published import DATA


@cache
def county_councils() -> dict[str, str]:
    """The county council of each of the 201 districts of two-tier counties, by the district's code."""
    with (DATA / "county_councils.csv").open(encoding="utf-8", newline="") as file:
        return {row["district"]: row["council"] for row in csv.DictReader(file)}


def districts_of(place: Place) -> dict[str, str]:
    """The districts and unitary authorities that a place lies in: names by code, in the LSOAs' order."""
    pairs = place.lsoas[["lad", "lad_name"]].astype(str).drop_duplicates()
    return dict(zip(pairs["lad"], pairs["lad_name"], strict=True))


def districts_in(spec: PlaceSpec) -> dict[str, str]:
    """The districts of the place that a specification means, read once for each; as :func:`districts_of`."""
    return dict(_districts_in(json.dumps(spec)))


@lru_cache(maxsize=256)
def _districts_in(spec: str) -> dict[str, str]:
    return districts_of(resolve(json.loads(spec)))


def find_district(districts: Mapping[str, str], text: str) -> str | None:
    """The code of the district of this name or code among ``districts``; None where there is none."""
    wanted = normalised(text)
    return next(
        (code for code, name in districts.items() if wanted in (normalised(name), code.lower())), None
    )


def councils_of(place: Place) -> dict[str, list[str]]:
    """Districts by the council that runs social care there, in the order of the place's districts."""
    found: dict[str, list[str]] = {}
    for code, name in districts_of(place).items():
        found.setdefault(county_councils().get(code, name), []).append(code)
    return found
