"""The usual unmet need: the level at which its effect on a rate is, on average, none.

Published rates are those of people with their usual unmet need, so its mean effect is in them. The rows
``unmet_usual_CLASS_GROUP`` hold what England's people have of it without a programme, by a run of England.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from icsim import evidence
from icsim.evidence.rewriting import FITTED, Change, rewrite
from icsim.experiment import Experiment
from icsim.population.columns import FRAILTY_CUTS, Frailty, Need, Status
from icsim.validation.calibration_tables import checkout

EVERY = 10
"""Days from one look to the next: unmet need is added by the month and fades by the day."""


def usual_unmet_need(experiment: Experiment) -> dict[str, float]:
    """Run an experiment and reckon ``unmet_usual_*``: log of the mean effect on the rate, over the effect.

    The mean is over residents and days, weighted by each person's rate, for each class of need that unmet
    need moves and each group of frailty.

    Returns:
        values by key, in units of unmet need, to three decimals; 0 for groups with nobody in them.
    """
    from icsim.model import ICSModel

    model = ICSModel(experiment)
    effects = {need: model.catalogue.value(key) for need in Need
               if (key := f"unmet_effect_{need.name.lower()}") in model.catalogue}  # fmt: skip
    rates = np.zeros((len(Need), len(Frailty)))
    moved = np.zeros((len(Need), len(Frailty)))
    while model.running:
        model.step()
        if model.day % EVERY == 0:
            _look(model, effects, rates, moved)
    values = {}
    for need, effect in effects.items():
        for group in Frailty:
            mean = moved[need, group] / rates[need, group] if rates[need, group] > 0 else 1.0
            usual = float(np.log(mean) / effect) if effect else 0.0
            values[f"unmet_usual_{need.name.lower()}_{group.name.lower()}"] = round(usual, 3)
    return values


def _look(model: Any, effects: Mapping[Need, float], rates: np.ndarray, moved: np.ndarray) -> None:
    """Add each person's rates, and the rates times the effect of their unmet need today."""
    people = model.people[model.people["status"] == Status.RESIDENT]
    v, intensity = model.catalogue.value, model.world.teams.intensity
    fade = np.full(len(people), v("unmet_decay"))
    fade += (people["caseload"] == 1) * v("unmet_caseload_decay") * intensity[people["neighbourhood"]]
    fade += (people["caseload"] == 2) * v("unmet_treatment_decay")
    fade += (people["package"] > 0) * v("unmet_support_decay")
    z = people["unmet_need"] * np.exp(-fade * np.maximum(model.day - people["unmet_day"], 0))
    group = np.searchsorted(np.array(FRAILTY_CUTS), people["frailty"], side="right")
    for need, effect in effects.items():
        rate = people["rate"][:, need].astype(np.float64)
        rates[need] += np.bincount(group, weights=rate, minlength=len(Frailty))
        moved[need] += np.bincount(group, weights=rate * np.exp(effect * z), minlength=len(Frailty))


def changes(values: Mapping[str, float], experiment: Experiment, today: date) -> dict[str, Change]:
    """What the catalogue's rows are to say."""
    said = f"{FITTED} --usual on {today}, from {experiment.years:g} years of {experiment.name}"
    return {key: Change(value, said) for key, value in values.items()}


def reckon(experiment: Experiment, today: date, out: Path | None, write: bool) -> Iterator[str]:
    """Reckon the rows, say how they change, and write them to a file or to the catalogue of this checkout."""
    catalogue, values = evidence.load(), usual_unmet_need(experiment)
    yield f"Usual unmet need over {experiment.years:g} years of {experiment.name}: row, before, now"
    for key, value in values.items():
        yield f"{key:<36}{catalogue.value(key):>8.3f}{value:>8.3f}"
    if out is not None:
        lines = ["parameters:", *(f"  {key}: {value:.10g}" for key, value in values.items())]
        partial = out.with_name(f".{out.name}.partial")
        partial.write_text("\n".join(lines) + "\n", encoding="utf-8")
        partial.replace(out)
        yield f"Values: {out}"
    if write:
        checkout()
        for path in rewrite(changes(values, experiment, today)):
            yield f"Written: {path}"
