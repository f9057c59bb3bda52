"""Where and who: the place and its organisations, the people by age, deprivation, conditions and frailty."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from icsim.population.columns import AGE_BANDS, Condition, Frailty
from icsim.recording.indicators import ELSEWHERE, OLDER_BANDS, OWN_TRUSTS
from icsim.recording.measures import KIND_LABELS
from icsim.reporting.charts import Bar, bars, pyramid
from icsim.reporting.drawing import number
from icsim.reporting.figures import FIFTHS, Figures, Spread
from icsim.reporting.page import Figure, Group, Section, Table, listed

FIVE_YEARS = [f"{age}-{age + 4}" for age in range(0, 85, 5)] + ["85+"]
FIFTH_NAMES = ("Most deprived", "Second", "Third", "Fourth", "Least deprived")
SPELLED = {"copd": "COPD"}
MOST_NAMES = 6


def where(figures: Figures) -> Section:
    """The place and who looks after its people."""
    run = figures.run
    sample = run.manifest["experiment"]["population"]["sample"]
    lead = [f"{figures.value('population')} residents on average {figures.in_year}."]
    if figures.has("people"):
        areas = run.people["lsoa"].nunique()
        lead.append(f"They live in {areas:,} neighbourhoods (lower-layer super output areas) of England.")
    if sample < 1:
        lead.append(
            f"The run holds a sample of {100 * sample:g}% of the people, and every capacity scaled "
            "down with them: "
            f"counts on this page are of the sample."
        )
    if "acute_trust" in run.measures and ELSEWHERE in set(run.organisations["name"]):
        lead.append(f"“{ELSEWHERE}” stands for all other hospitals that residents use.")
    return Section(
        "where",
        "Where",
        (" ".join(lead),),
        (Group("Who looks after them", tables=(_organisations(figures),)),),
    )


def _organisations(figures: Figures) -> Table:
    rows = []
    for kind, label in KIND_LABELS.items():
        if kind == "system":
            continue
        names = list(figures.run.organisations.query("kind == @kind")["name"])
        if not names:
            continue
        shown = (
            listed(names) if len(names) <= MOST_NAMES else f"{listed(names[:2])}, and {len(names) - 2} more"
        )
        rows.append((label, str(len(names)), shown, _size(figures, kind)))
    return Table(
        "Organisations of the run",
        ("Kind", "How many", "Names", f"Size, mean {figures.in_year}"),
        tuple(rows),
        (0, 2, 3),
    )


def _size(figures: Figures, kind: str) -> str:
    """What says how large the organisations of a kind are."""
    said = {
        "gp_practice": (("list_size", "patients"), ("capacity", "appointments a day")),
        "community_team": (("caseload", "patients on the caseload"),),
        "acute_trust": (("beds_open", "beds open in the place's own"),),
        "local_authority": (("home_care_in_use", "people with home care"),),
        "mental_health_trust": (("caseload", "patients on the caseload"), ("beds_occupied", "beds in use")),
        "voluntary_sector": (("people_supported", "people supported"),),
        "care_homes": (("places", "places"), ("residents", "residents")),
    }
    years = figures.years[figures.year]
    kept = OWN_TRUSTS if kind == "acute_trust" else kind
    found = [
        (Spread.of([year.mean(kept, name) for year in years]).mean, words)
        for name, words in said.get(kind, ())
    ]
    return listed([f"{value:,.0f} {words}" for value, words in found if np.isfinite(value)])


def who(figures: Figures) -> Section:
    """The people at the end of the run."""
    if not figures.has("people"):
        return Section("who", "Who", ("The run did not record its people (record: people: false).",))
    people: Any = figures.run.people
    people = people[people["status"] == "resident"]
    older = people[people["age"] >= 65]
    last = figures.run.period[1]
    lead = f"Residents on the last day, {last.day} {last:%B %Y}"
    if figures.run.replicates > 1:
        lead += f"; means of {figures.run.replicates} replicates"
    found = (_ages(people), _deprivation(people), _conditions(people), *_frailty(older))
    return Section("who", "Who", (lead + ".",), (Group("Age, deprivation and health", figures=found),))


def _ages(people: Any) -> Figure:
    band = np.minimum(people["age"].to_numpy(int) // 5, len(FIVE_YEARS) - 1)
    sex = people["sex"].to_numpy(int)
    counts = np.array([np.bincount(band[sex == each], minlength=len(FIVE_YEARS)) for each in (1, 2)], float)
    share = 100 * counts / max(counts.sum(), 1.0)
    largest = int(share.sum(axis=0).argmax())
    words = (
        f"The largest five-year group is {FIVE_YEARS[largest]} with {number(share[:, largest].sum())}% of "
        "residents."
    )
    rows = [(name, number(share[0, k]), number(share[1, k])) for k, name in enumerate(FIVE_YEARS)]
    title = "Residents by age and sex, % of all"
    table = Table(title, ("Age", "Men, %", "Women, %"), tuple(reversed(rows)))
    svg = pyramid("c-ages", title, words, FIVE_YEARS, share[0], share[1])
    note = "The table people; synthesised from ONS mid-2017 counts of the place's neighbourhoods."
    return Figure("ages", title, svg, note, table)


def _by_replicate(people: Any, value: Any) -> Spread:
    return Spread.of([value(same) for _, same in people.groupby("replicate")])


def _bars(
    key: str, title: str, rows: list[Bar], unit: str, note: str, mark: str = "", heads: str = "Group"
) -> Figure:
    """Bars and the table of the same."""
    largest = max(rows, key=lambda bar: bar.value)
    words = f"Largest: {largest.label}, {number(largest.value)}{unit}."
    many = any(np.isfinite(bar.low) and bar.high > bar.low for bar in rows)
    marked = any(np.isfinite(bar.mark) for bar in rows)
    columns = [
        heads,
        title.rpartition(", ")[2],
        *(["Lowest", "Highest"] if many else []),
        *([mark] if marked else []),
    ]
    cells = []
    for bar in rows:
        cell = [bar.label, number(bar.value)]
        cell += [number(bar.low), number(bar.high)] if many else []
        cell += [number(bar.mark)] if marked else []
        cells.append(tuple(cell))
    table = Table(title, tuple(columns), tuple(cells))
    svg = bars(f"c-{key}", title, words, rows, mark=mark if marked else "")
    return Figure(key, title, svg, note, table)


def _deprivation(people: Any) -> Figure:
    def share(fifth: int) -> Spread:
        return _by_replicate(
            people, lambda same: 100 * ((same["imd_decile"].to_numpy(int) + 1) // 2 == fifth).mean()
        )

    rows = []
    for fifth in FIFTHS:
        found = share(fifth)
        rows.append(
            Bar(FIFTH_NAMES[fifth - 1], found.mean, found.low, found.high, 20.0, f"{number(found.mean)}%")
        )
    note = (
        "Fifths of England's neighbourhoods by the Index of Multiple Deprivation 2015: each holds 20% of "
        "them."
    )
    return _bars(
        "deprivation",
        "Residents by deprivation of their neighbourhood, %",
        rows,
        "%",
        note,
        "a fifth of England",
        "Fifth",
    )


def _conditions(people: Any) -> Figure:
    rows = []
    for condition in Condition:
        found = _by_replicate(
            people,
            lambda same, bit=condition.value: 100 * (same["conditions"].to_numpy(int) & bit > 0).mean(),
        )
        name = condition.name or ""
        label = SPELLED.get(name.lower(), name.replace("_", " ").capitalize())
        rows.append(Bar(label, found.mean, found.low, found.high, words=f"{number(found.mean)}%"))
    rows.sort(key=lambda bar: -bar.value)
    note = (
        "Drawn for each person from prevalences by age, sex and deprivation; most of them recalled from "
        "GP registers."
    )
    return _bars("conditions", "Residents with a long-term condition, %", rows, "%", note, heads="Condition")


def _frailty(older: Any) -> Iterator[Figure]:
    if older.empty:
        return
    rows = []
    for group in Frailty:
        found = _by_replicate(
            older, lambda same, g=group.value: 100 * (same["frailty_group"].to_numpy(int) == g).mean()
        )
        label = group.name.capitalize() + ("" if group == Frailty.FIT else " frailty")
        rows.append(Bar(label, found.mean, found.low, found.high, words=f"{number(found.mean)}%"))
    for label, column, least in (
        ("Two or more conditions", "n_conditions", 2),
        ("In a care home", "residence", 1),
        ("With home care", "package", 1),
        ("On a team's caseload", "caseload", 1),
    ):

        def share(same: Any, column: str = column, least: int = least) -> float:
            values = same[column].to_numpy(int)
            return 100 * (values == least if column in ("package", "caseload") else values >= least).mean()

        found = _by_replicate(older, share)
        rows.append(Bar(label, found.mean, found.low, found.high, words=f"{number(found.mean)}%"))
    note = "Groups of the electronic frailty index, conditions, residence and care at the end of the run."
    yield _bars("frailty", "People of 65 and over, %", rows, "%", note)


def age_shares(figures: Figures) -> tuple[Spread, float]:
    """Share of residents of 65 and over in per cent, and England's."""
    years = figures.person_years.sum(axis=2)
    older = [AGE_BANDS.index(band) for band in OLDER_BANDS]
    here = Spread.of(100 * years[:, older].sum(axis=1) / years.sum(axis=1))
    return here, 100 * sum(figures.standard(f"england_share_{band}") for band in OLDER_BANDS)
