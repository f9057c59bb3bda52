"""Places: any part of England by name or code, as rows of the LSOA table of 2017.

A place is one of the nine that ship, England, a clinical commissioning group (207), a sustainability and
transformation partnership (44, by name), a local authority (326), a list of LSOAs, or a list of any of these.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from icsim.evidence.nearest import nearest
from icsim.evidence.published import DATA, practices, trusts

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Place", "UnknownPlace", "names", "practice_list_sizes", "resolve", "shipped", "trusts"]

PlaceSpec = str | Sequence[Any] | Mapping[Any, Any]

KINDS = ("place", "ccg", "lad", "stp")  # also the order in which a name is looked up
LABELS = {"ccg": "clinical commissioning group", "lad": "local authority", "stp": "STP"}
LSOA_FILE = DATA / "england_lsoa_2017.parquet"
AREA_COLUMNS = ["ccg", "ccg_name", "stp_name", "lad", "lad_name"]
CODE = re.compile(r"[EeWw]\d{8}")


class UnknownPlace(ValueError):  # noqa: N818 - the name is part of the interface
    """No such place: ``message``, the ``spec`` as written, and the ``nearest`` valid choices."""

    def __init__(self, message: str, spec: object, nearest: list[str] | None = None):
        self.message = message
        self.spec = spec
        self.nearest = nearest or []
        super().__init__(message, spec, self.nearest)

    def __str__(self) -> str:
        return f"{self.message}; did you mean {' or '.join(self.nearest)}?" if self.nearest else self.message


@dataclass(frozen=True, eq=False)
class Place:
    """A part of England and its people.

    ``name`` is the shipped name where the area is that of a shipped place, however it was written, and else
    the official name. ``lsoas`` holds the rows of the LSOA table in file order: lsoa, lsoa_name, ccg,
    ccg_name, stp_name, lad, lad_name, imd_score, imd_decile (1 most deprived), age_0 ... age_90 (residents by
    year of age, 90 meaning 90+, mid-2017).
    """

    name: str
    lsoas: "pd.DataFrame" = field(repr=False)

    @property
    def population(self) -> int:
        """Residents, mid-2017."""
        ages = [f"age_{age}" for age in range(91)]
        return int(self.lsoas[ages].to_numpy().sum(dtype=np.int64))

    @property
    def ccg_names(self) -> list[str]:
        """Names of the CCGs it lies in, most LSOAs first."""
        return [str(name) for name in self.lsoas["ccg_name"].value_counts().index]

    @property
    def lad_names(self) -> list[str]:
        """Names of the local authorities it lies in, most LSOAs first."""
        return [str(name) for name in self.lsoas["lad_name"].value_counts().index]


def normalised(text: str) -> str:
    """A name without case, punctuation, "NHS", "CCG" or "STP", "&" written "and": "newark and sherwood"."""
    words = re.sub(
        r"[^\w]+", " ", text.casefold().replace("&", " and ").replace("'", "").replace("’", "")
    ).split()
    if words[:1] == ["nhs"]:
        words = words[1:]
    if words[-1:] in (["ccg"], ["stp"]):
        words = words[:-1]
    return " ".join(words)


def _spellings(name: str) -> list[str]:
    """How a name may be written, normalised: "Bristol, City of" is also "City of Bristol" and "Bristol"."""
    match = re.fullmatch(r"(.+), ((?:City|County) of)", name)
    if match is None:
        return [normalised(name)]
    return [normalised(name), normalised(f"{match[2]} {match[1]}"), normalised(match[1])]


@dataclass(frozen=True)
class _Areas:
    """Every named area: its LSOA rows as a mask, its official name, and the names by which it is found."""

    rows: dict[tuple[str, str], np.ndarray]  # (kind, official name) -> bool per LSOA of England
    known: dict[str, dict[str, str]]  # kind -> normalised name or code -> official name

    def find(self, kinds: Sequence[str], text: str) -> tuple[str, str] | None:
        key = text.strip().casefold() if CODE.fullmatch(text.strip()) else normalised(text)
        for kind in kinds:
            if key in self.known[kind]:
                return kind, self.known[kind][key]
        return None


@cache
def _areas() -> _Areas:
    import pyarrow.parquet as pq

    table = pq.ParquetFile(LSOA_FILE).read(columns=AREA_COLUMNS)
    rows: dict[tuple[str, str], np.ndarray] = {}
    known: dict[str, dict[str, str]] = {kind: {} for kind in KINDS}
    for kind in ("ccg", "lad", "stp"):
        column = table[f"{kind}_name"].combine_chunks()
        index = column.indices.to_numpy()
        for number, name in enumerate(column.dictionary.to_pylist()):
            rows[kind, name] = index == number
            for spelling in _spellings(name):
                known[kind].setdefault(spelling, name)
    for kind in ("ccg", "lad"):
        column = table[kind].combine_chunks()
        codes, names = column.dictionary.to_pylist(), table[f"{kind}_name"]
        first = np.unique(column.indices.to_numpy(), return_index=True)[1]
        for number, row in enumerate(first.tolist()):
            known[kind][codes[number].casefold()] = names[row].as_py()
    for name, parts in _definitions().items():
        rows["place", name] = np.any([rows[kind, known[kind][code]] for kind, code in parts], axis=0)
        known["place"][normalised(name)] = name
    rows["place", "england"] = np.ones(table.num_rows, dtype=bool)
    known["place"]["england"] = "england"
    return _Areas(rows, known)


@cache
def _lsoas() -> dict[str, int]:
    """The row of every LSOA code."""
    import pyarrow.parquet as pq

    codes = pq.ParquetFile(LSOA_FILE).read(columns=["lsoa"])["lsoa"].to_pylist()
    return {code: row for row, code in enumerate(codes)}


@cache
def _definitions() -> dict[str, list[tuple[str, str]]]:
    parts: dict[str, list[tuple[str, str]]] = {}
    with (DATA / "places.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            parts.setdefault(row["name"], []).append((row["kind"], row["code"].casefold()))
    return parts


def shipped() -> list[str]:
    """The names of the nine places that ship, as `icsim run` takes them."""
    return list(_definitions())


def names() -> list[str]:
    """Every name a place may be given: shipped places, England, CCGs, local authorities, STPs."""
    return list(dict.fromkeys(name for _, name in _areas().rows))


def names_of_kind(kind: str) -> list[str]:
    """Every place of one kind (``ccg``, ``lad`` or ``stp``) as ``ccg:NHS Bolton CCG``, by name."""
    return sorted(f"{kind}:{name}" for known, name in _areas().rows if known == kind)


@lru_cache(maxsize=4)
def _rows(chosen: bytes) -> Any:
    """The LSOAs where a mask (its bytes) is true, as a table; read in parts: England never lies in memory."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    mask = np.frombuffer(chosen, np.bool_)
    file = pq.ParquetFile(LSOA_FILE)
    tables, first = [], 0
    for group in range(file.num_row_groups):
        here = mask[first : first + file.metadata.row_group(group).num_rows]
        if here.any():
            tables.append(file.read_row_group(group, use_threads=False).filter(here))
        first += len(here)
    return pa.concat_tables(tables, promote_options="permissive").unify_dictionaries()


def check(spec: PlaceSpec) -> None:
    """Raise :class:`UnknownPlace` where :func:`resolve` would, without reading the place."""
    _mask(spec)


def resolve(spec: PlaceSpec) -> Place:
    """The place that ``spec`` means.

    Args:
        spec: a name or code in any case, with or without "NHS ... CCG" and with "&" or "and"; a name that a
            CCG and a local authority share means the CCG, and "ccg:", "lad:" or "stp:" before it decides
            otherwise; a list of such names, meaning all of them together; or ``{"lsoas": [codes]}``.

    Raises:
        UnknownPlace: nothing has this name or code, or the spec is of another form.
    """
    mask, name = _mask(spec)
    return Place(name, _frame(mask.tobytes()).copy())


@lru_cache(maxsize=4)
def _frame(chosen: bytes) -> "pd.DataFrame":
    """:func:`_rows` as a frame."""
    text = dict.fromkeys(("ccg", "ccg_name", "stp_name", "lad", "lad_name"), str)
    return _rows(chosen).to_pandas().astype(text)


def _mask(spec: object) -> tuple[np.ndarray, str]:
    """Which LSOAs of England ``spec`` covers, and its name: the shipped one where the area is the same."""
    mask, name = _mask_as_written(spec)
    for shipped_name in shipped():
        if np.array_equal(mask, _areas().rows["place", shipped_name]):
            return mask, shipped_name
    return mask, name


def _mask_as_written(spec: object) -> tuple[np.ndarray, str]:
    if isinstance(spec, str):
        return _named(spec)
    if isinstance(spec, Mapping):
        return _listed(spec)
    if isinstance(spec, Sequence) and len(spec) > 0:
        parts = [_mask(part) for part in spec]
        joined = " + ".join(dict.fromkeys(name for _, name in parts))
        return np.any([mask for mask, _ in parts], axis=0), joined
    raise UnknownPlace(f"place {spec!r}: expected a name, a list of names, or lsoas and their codes", spec)


def _named(text: str) -> tuple[np.ndarray, str]:
    areas = _areas()
    prefix, colon, rest = text.partition(":")
    kinds: Sequence[str] = KINDS
    wanted = text
    if colon:
        if prefix.strip().casefold() not in LABELS:
            message = f"place {text!r}: expected ccg:, lad: or stp: before the name, got {prefix!r}"
            raise UnknownPlace(message, text, [f"{kind}:{rest.strip()}" for kind in LABELS])
        kinds, wanted = (prefix.strip().casefold(),), rest
    found = areas.find(kinds, wanted)
    if found is not None:
        return areas.rows[found], found[1]
    if not colon and wanted.strip().upper() in _lsoas():
        return _listed({"lsoas": [wanted]})
    what = LABELS[kinds[0]] if colon else "shipped place, CCG, STP or local authority of England"
    message = f"place {text!r}: no {what} has this name or code"
    hint = _nearest(kinds, wanted)
    if not hint:
        message += "; expected for example salford, 'NHS Bolton CCG', lad:Leeds or E38000016"
    raise UnknownPlace(message, text, hint)


def _nearest(kinds: Sequence[str], text: str) -> list[str]:
    """The names most like ``text`` among areas of ``kinds``, best first, as they would be written."""
    areas = _areas()
    spelled: dict[str, str] = {}
    for kind in kinds:
        for key, name in areas.known[kind].items():
            if bool(CODE.fullmatch(key)) == bool(CODE.fullmatch(text.strip())):
                spelled.setdefault(key, key.upper() if CODE.fullmatch(key) else name)
    keys = nearest(normalised(text), spelled, count=6)
    return list(dict.fromkeys(spelled[key] for key in keys))[:3]


def _listed(spec: Mapping[Any, Any]) -> tuple[np.ndarray, str]:
    codes = spec.get("lsoas")
    if set(spec) != {"lsoas"} or isinstance(codes, str) or not isinstance(codes, Sequence) or not codes:
        message = f"place {dict(spec)!r}: expected lsoas and a list of codes such as [E01005609]"
        raise UnknownPlace(message, spec)
    rows = _lsoas()
    mask = np.zeros(len(rows), dtype=bool)
    for code in codes:
        row = rows.get(str(code).strip().upper())
        if row is None:
            hint = nearest(str(code), (known for known in rows if known[:6] == str(code)[:6].upper()))
            raise UnknownPlace(f"place: no LSOA of England (2011 codes) is {code!r}", spec, hint)
        mask[row] = True
    count = int(mask.sum())
    return mask, f"{count} LSOA{'' if count == 1 else 's'}"


@cache
def _codes_2021() -> dict[str, str]:
    """CCGs whose code changed with a small change of boundary in 2018: the code of 2021 by that of 2017."""
    with (DATA / "ccg_codes_2021.csv").open(encoding="utf-8", newline="") as file:
        return {row["code_2017"]: row["code_2021"] for row in csv.DictReader(file)}


def practice_list_sizes(place: Place) -> np.ndarray | None:
    """Registered patients in 2021 of the practices of the place's CCGs, largest first, shape (practices,).

    A CCG counts when at least half of it lies in the place. None where the CCGs that count hold less than
    half of the place, or where one of them had been merged by 2021 (its code is not in the file): Harrogate,
    Mid-Nottinghamshire and South Somerset among the nine. Lists had grown since 2015: use the count and the
    shape, and scale the sum to the place's people.
    """
    inside: Any = place.lsoas["ccg"].value_counts()
    areas = _areas()
    counted = [
        code
        for code, lsoas in inside.items()
        if 2 * lsoas >= areas.rows["ccg", areas.known["ccg"][str(code).casefold()]].sum()
    ]
    if 2 * int(inside.loc[counted].sum()) < len(place.lsoas):
        return None
    codes = [_codes_2021().get(str(code), str(code)) for code in counted]
    lists = practices()
    if not set(codes) <= set(lists["ccg"]):
        return None
    sizes = lists.loc[lists["ccg"].isin(codes), "list_size"].to_numpy(dtype=np.int64)
    return np.sort(sizes)[::-1].copy()
