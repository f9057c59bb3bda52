"""What the vanguards do and since when, by their shipped files: what one may learn from the others."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib import resources

from ruamel.yaml import YAML


@cache
def begun() -> Mapping[str, Mapping[str, date]]:
    """The day on which each vanguard begins each service, by place and service (an entry of the catalogue).

    A service without a day of its own was there before the programme: ``date.min``.
    """
    found: dict[str, dict[str, date]] = {}
    for file in (resources.files("icsim.experiments") / "places").iterdir():
        if file.name.endswith(".yaml"):
            written = YAML(typ="safe").load(file.read_text(encoding="utf-8"))
            programme = written.get("programme")
            services = programme.get("services", ()) if isinstance(programme, dict) else ()
            uses = [(one["use"], one.get("start", date.min)) for one in services]
            found[written["place"]] = {name: min(day for use, day in uses if use == name) for name, _ in uses}
    return {place: services for place, services in found.items() if services}


def share_elsewhere(service: str, place: str, day: date) -> float:
    """The part of the vanguards other than ``place`` that have begun a service by a day, 0 to 1."""
    others = [services for name, services in begun().items() if name != place]
    return sum(services.get(service, date.max) <= day for services in others) / max(len(others), 1)
