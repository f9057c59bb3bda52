"""What the run rests on: the catalogue's values it read, by class, and how to make it again."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from icsim.analysis.outcomes import KNOWN
from icsim.evidence import study
from icsim.evidence.catalogue import KINDS
from icsim.evidence.study import Closest, Spread
from icsim.reporting.charts import Bar, bars
from icsim.reporting.figures import Figures
from icsim.reporting.page import Figure, Group, Section, Table

SAID = {
    "measured": "Measured: published data",
    "reported": "Reported by participants",
    "assumed": "Assumed, or recalled",
}


TOLD = 3


def counts(figures: Figures) -> Counter[str]:
    """How many values of each class the run read."""
    return Counter(entry["class"] for entry in figures.run.manifest["evidence"]["keys"].values())


def section(figures: Figures) -> Section:
    """Values by class, what the experiment set, and how to repeat it."""
    used = counts(figures)
    whole = sum(used.values())
    lead = (
        f"The run read {whole:,} values of the evidence catalogue. A value is measured when it was "
        "read in published data, reported when "
        "those who took part said it, and assumed when nobody has measured it or it is recalled and "
        "was not read in a source.",
    )
    groups = [
        Group(
            "Values by class",
            figures=(_classes(used, whole), *_topics(figures)),
            folded=tuple(_values(figures)),
        ),
        Group("What rests on assumed values", tables=(_assumptions(figures),)),
        Group("What the experiment set", tables=(_set(figures),)),
        Group("What the page cannot say", _limits()),
        Group("The same run again", _again(figures)),
    ]
    return Section("basis", "What it rests on", lead, tuple(groups))


def in_doubt(figures: Figures) -> Iterator[tuple[str, Spread, tuple[Closest, ...]]]:
    """Outcomes, how far they vary over draws of assumed values in such a place, and what they go with most.

    From the study that comes with icsim; no draw was made of the run itself.
    """
    known = study.shipped()
    place = figures.run.manifest["experiment"]["place"]
    for outcome in dict.fromkeys(one.outcome for one in known.spreads):
        spread = known.spread(place, study.LEVEL, outcome)
        if spread is not None:
            yield KNOWN[outcome].label, spread, known.nearest(study.LEVEL, outcome)[:TOLD]


def between(spread: Spread) -> str:
    """``-8% to +11%`` of the mean over draws."""
    return f"{spread.low - 1:+.0%} to {spread.high - 1:+.0%}"


def goes_with(closest: Iterable[Closest]) -> str:
    """The values, each with its rank correlation, and how many of them stand out from chance."""
    those = list(closest)
    sure = sum(one.beyond for one in those)
    stand = (
        "none of them"
        if not sure
        else "all"
        if sure == len(those)
        else "the first"
        if sure == 1
        else f"{sure}"
    )
    return f"{'; '.join(f'{one.key} ({one.correlation:+.2f})' for one in those)}: {stand} beyond chance"


def _assumptions(figures: Figures) -> Table:
    """How far figures of such a place hang on what nobody has measured."""
    about = study.shipped().about
    rows = tuple(
        (label, between(spread), f"{spread.assumed:.0%}", goes_with(closest))
        for label, spread, closest in in_doubt(figures)
    )
    return Table(
        "How far figures hang on assumed values",
        (
            "Over a run of three years",
            "middle 95% over draws",
            "of the variance",
            "goes most with (rank correlation)",
        ),
        rows,
        texts=(0, 3),
        note=(
            f"Not of this run but of the study that comes with icsim ({about['made']}: {about['draws']}), of "
            "the same place without its programme or, where it has none, what is usual among the nine. Draws "
            "give all assumed values others of their ranges that are plausible together; the rest of the "
            "variance is luck and behaviour. What a change rests on icsim compare tells by draws of its own."
        ),
    )


def _classes(used: Counter[str], whole: int) -> Figure:
    rows = [
        Bar(SAID[kind], used[kind], words=f"{used[kind]} ({used[kind] / max(whole, 1):.0%})")
        for kind in KINDS
    ]
    title = "Values the run read, by class"
    words = ", ".join(f"{used[kind]} {kind}" for kind in KINDS) + "."
    cells = tuple((SAID[kind], str(used[kind]), f"{used[kind] / max(whole, 1):.1%}") for kind in KINDS)
    svg = bars("c-classes", title, words, rows)
    return Figure(
        "classes", title, svg, "The run's manifest.", Table(title, ("Class", "Values", "Share"), cells)
    )


def _entry(figures: Figures, key: str, entry: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Topic and cells of one value; what this icsim's catalogue says of it where the value is still "
    "the same."""
    row = figures.parameters.get(key)
    value = entry["value"]
    shown = f"{value:g}" if isinstance(value, int | float) else str(value)
    if row is None or row.value != value:
        said = "set by the experiment, or another edition of the catalogue"
        return (row.topic if row else "not in this catalogue"), (
            key,
            shown,
            "",
            row.unit if row else "",
            entry["class"],
            said,
        )
    span = "" if row.low is None and row.high is None else f"{_bound(row.low)} to {_bound(row.high)}"
    return row.topic, (key, shown, span, row.unit, entry["class"], row.source)


def _bound(value: float | None) -> str:
    return "?" if value is None else f"{value:g}"


def _by_topic(figures: Figures) -> dict[str, list[tuple[str, ...]]]:
    found: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for key, entry in figures.run.manifest["evidence"]["keys"].items():
        topic, cells = _entry(figures, key, entry)
        found[topic].append(cells)
    return dict(sorted(found.items(), key=lambda item: -len(item[1])))


def _topics(figures: Figures) -> list[Figure]:
    found = _by_topic(figures)
    if not found:
        return []
    most = list(found.items())[:14]
    rows = []
    cells = []
    for topic, values in found.items():
        known = sum(value[4] == "measured" for value in values)
        cells.append((topic, str(len(values)), str(known)))
    for topic, values in most:
        known = sum(value[4] == "measured" for value in values)
        rows.append(
            Bar(
                topic[:1].upper() + topic[1:],
                len(values),
                words=f"{len(values)}, {known} measured" if known else f"{len(values)}",
            )
        )
    title = "Values the run read, by topic"
    words = f"Most are about {most[0][0]}: {len(most[0][1])}."
    svg = bars("c-topics", title, words, rows)
    note = "The largest topics; all of them in the table."
    return [
        Figure(
            "topics", title, svg, note, Table(title, ("Topic", "Values", "of which measured"), tuple(cells))
        )
    ]


def _values(figures: Figures) -> list[Table]:
    rows: list[tuple[str, ...]] = []
    for topic, values in _by_topic(figures).items():
        rows.append((topic[:1].upper() + topic[1:],))
        rows += sorted(values)
    heads = ("Key", "Value", "Low to high", "Unit", "Class", "Source")
    return [Table("Every value the run read", heads, tuple(rows), (0, 3, 4, 5))]


def _set(figures: Figures) -> Table:
    """What makes this run other than routine care with the catalogue's values."""
    given = figures.run.manifest["experiment"]
    rows = [
        ("Length", f"{given['years']:g} years from {given['start']}"),
        (
            "Population",
            "everybody"
            if given["population"]["sample"] == 1
            else f"a sample of {given['population']['sample']:g}",
        ),
        ("Contract", f"{given['contract']['form']}, paid by {given['contract']['payment']}"),
        ("Programme", str(given["programme"])),
        ("Interventions", "; ".join(_intervention(each) for each in given["interventions"]) or "none"),
        ("Shocks", "; ".join(_words(each) for each in given["shocks"]) or "none"),
        ("Values changed from the catalogue", _words(given["parameters"]) or "none"),
    ]
    return Table("The experiment", ("What", "Set to"), tuple(rows), (0, 1))


def _intervention(given: dict[str, Any]) -> str:
    levers = _words(given.get("levers", {}))
    whom = _words(given.get("who", {})) or "everybody"
    return f"{given['name']} from {given.get('start')}, for {whom}: {levers}"


def _words(given: Any) -> str:
    if isinstance(given, dict):
        return ", ".join(
            f"{key.replace('_', ' ')} {_words(value)}"
            for key, value in given.items()
            if value not in (None, {}, [])
        )
    if isinstance(given, list):
        return ", ".join(_words(value) for value in given)
    return str(given).replace("_", " ")


def _limits() -> tuple[str, ...]:
    return (
        "It makes no forecast, and does not say what happened in the real place. The people are made "
        "up from counts; organisations carry the "
        "names and published sizes of real ones, and behave as the model makes them.",
        "It shows no effect of an intervention beyond what the experiment gave its levers. One "
        "history is an anecdote: conclusions need many "
        "seeds and changed assumptions.",
    )


def _again(figures: Figures) -> tuple[str, ...]:
    manifest = figures.run.manifest
    seeds = ", ".join(str(each["seed"]) for each in manifest["replicates"])
    versions = ", ".join(f"{name} {version}" for name, version in manifest["versions"].items())
    return (
        f"Run {manifest['created']}, seeds {seeds}. Experiment {manifest['experiment_sha256'][:12]}, "
        f"evidence {manifest['evidence'].get('sha256', '')[:12]}. {versions}.",
        "The folder of the run holds a manifest with the whole experiment: "
        "icsim.run(icsim.open_run(FOLDER).manifest['experiment']) "
        "gives the same tables again with the same version.",
    )
