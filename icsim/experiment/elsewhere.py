"""What the vanguards do and since when, by their shipped files: what one may learn from the others."""

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path

from ruamel.yaml import YAML

from icsim.experiment.services import Level
from icsim.experiment.sources import shipped_services

FOLDERS = {
    "whole-population": Level.WHOLE_POPULATION, "urgent": Level.URGENT, "ongoing": Level.ONGOING,
    "highest": Level.HIGHEST, "enablers": Level.ENABLER,
}  # fmt: skip
TOLD = re.compile(r"^(?:place|programme):.*(?:\n(?!\w).*)*", re.MULTILINE)
"""The keys of a place's file that tell it: to read the rest takes as long again."""


@cache
def begun() -> Mapping[str, Mapping[str, date]]:
    """The day on which each vanguard begins each service and each level of care, by place.

    Services by the name of their entry in the catalogue, levels as of ``Level``. What has no day of its own
    was there before the programme: ``date.min``.
    """
    levels = {name: FOLDERS[Path(str(file)).parent.name] for name, file in shipped_services().items()}
    found: dict[str, dict[str, date]] = {}
    for file in (resources.files("icsim.experiments") / "places").iterdir():
        if not file.name.endswith(".yaml"):
            continue
        told = "\n".join(TOLD.findall(file.read_text(encoding="utf-8")))
        written = YAML(typ="safe").load(told) or {}
        programme = written.get("programme")
        first: dict[str, date] = {}
        for one in programme.get("services", ()) if isinstance(programme, dict) else ():
            for key in (one["use"], str(levels[one["use"]])):
                first[key] = min(first.get(key, date.max), one.get("start", date.min))
        if first:
            found[written["place"]] = first
    return found


def share_elsewhere(what: str, place: str, day: date) -> float:
    """The part of the vanguards other than ``place`` that have begun a service or level by a day, 0 to 1."""
    others = [first for name, first in begun().items() if name != place]
    return sum(first.get(what, date.max) <= day for first in others) / max(len(others), 1)
