"""Where in its logic model each service lost its effect: needs, posts, people, quality, or the evidence.

Realised effect is what the evidence gives in full times whom it reached times how well it was done; the stage
at which most was lost is named, and a service never said to have done more than its rows in the run show.
"""

from collections.abc import Iterator
from typing import Any

from icsim import evidence
from icsim.analysis.facts import Fact, Sentence, Tables
from icsim.experiment import Experiment
from icsim.experiment.services import Effect, Use, effect_key

AT_WORK = ("ramping", "running")
NO_EFFECT = 0.005
"""A multiplier this near to 1 is no effect."""
MOST_LEFT = 0.7
"""A stage that lets through less than this lost something."""


def losses(tables: Tables, experiment: Experiment) -> Iterator[Sentence]:
    """A sentence for each service of an experiment."""
    if not experiment.used or "services" not in tables:
        return
    last = tables["services"]["month"].max()
    for use, _ in experiment.used:
        title = experiment.services[use.use].title if use.name == use.use else _capital(use.name)
        yield _told(tables, title, use, last, factors(experiment, use))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def factors(experiment: Experiment, use: Use) -> dict[str, float]:
    """The multiplier of each lever of a service in full, by lever, as this use of it has them."""
    catalogue = evidence.load().with_values(experiment.parameters)
    found = {}
    for lever, effect in {**experiment.services[use.use].levers, **use.levers}.items():
        if isinstance(effect, Effect):
            value = effect.value
        elif isinstance(effect, str):
            value = catalogue.value(effect_key(use.use, lever))
        else:
            value = effect
        found[lever] = 1 - (1 - value) * use.effect
    return found


def _told(tables: Tables, title: str, use: Use, last: Any, full: dict[str, float]) -> Sentence:
    own = {"service": use.name, "site": ""}
    worked = Fact.of(tables, "services", "month", "rows", ".0f", **own, state=AT_WORK)
    if not worked.value:
        return _never(tables, title, own)
    rows = {**own, "state": AT_WORK}
    coverage, fidelity = (
        Fact.of(tables, "services", column, "share", ".1f", **rows) for column in ("coverage", "fidelity")
    )
    filled, wanted = (
        Fact.of(tables, "services", column, "sum", ",.1f", **rows)
        for column in ("posts_filled", "posts_wanted")
    )
    months = Fact.of(tables, "services", "month", "rows a run", ".0f", **rows)
    runs = " a run" if tables.count > 1 else ""
    text = (
        f"{title}: at work for {{months}} months{runs}, reaching {{coverage}}% of those it is for, "
        "done at {fidelity}% of full quality"
    )
    facts: dict[str, Any] = {"months": months, "coverage": coverage, "fidelity": fidelity}
    text += _ended(tables, own, last, facts)
    text += _most_lost(full, coverage, fidelity, filled, wanted, facts)
    return Sentence.made(text + ".", **facts)


def _never(tables: Tables, title: str, own: dict[str, Any]) -> Sentence:
    cause = Fact.of(tables, "services", "cause", "text", **own)
    waited = Fact.of(tables, "services", "month", "rows a run", ".0f", **own)
    if not waited.value:
        return Sentence.made(
            f"{title}: never begun; the programme had no room for it ({{waited}} months).", waited=waited
        )
    why = "{cause}" if cause.value else "still being set up"
    said = f"{title}: never at work in {{waited}} months. Lost at its needs: {why}."
    return Sentence.made(said, waited=waited, cause=cause)


def _ended(tables: Tables, own: dict[str, Any], last: Any, facts: dict[str, Any]) -> str:
    """What became of it, where it did not last."""
    for state, words in (("dropped", "; given up"), ("stalled", "; stalled at the end")):
        here = Fact.of(tables, "services", "state", "runs", ".0f", **own, state=state, month=last)
        if here.value:
            facts[state] = here
            facts[f"{state}_cause"] = Fact.of(tables, "services", "cause", "text", **own, state=state)
            often = f" in {{{state}}} of the runs" if tables.count > 1 else ""
            return f"{words}{often} ({{{state}_cause}})"
    return ""


def _most_lost(
    full: dict[str, float], coverage: Fact, fidelity: Fact, filled: Fact, wanted: Fact, facts: dict[str, Any]
) -> str:
    if not full:
        return ". It averts nothing itself: it adds capacity, or makes other services possible"
    strongest = min(full.values())
    if strongest >= 1 - NO_EFFECT:
        harm = max(full.values()) > 1 + NO_EFFECT
        return ". Lost in the evidence: done in full it averts nothing" + (
            ", and what it does is harm" if harm else ""
        )
    through = {"coverage": float(coverage.value) / 100, "fidelity": float(fidelity.value) / 100}
    worst = min(through, key=lambda stage: through[stage])
    if through[worst] >= MOST_LEFT:
        return ". Most of what the evidence gives arrived"
    if worst == "fidelity":
        return ". Most was lost in how well it was done"
    if float(wanted.value) > 0 and float(filled.value) / float(wanted.value) < MOST_LEFT:
        facts["filled"], facts["wanted"] = filled, wanted
        return ". Most was lost in whom it reached: posts stood empty ({filled} post-months of {wanted})"
    return ". Most was lost in whom it reached"
