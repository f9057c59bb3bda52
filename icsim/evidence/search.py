"""Searching the catalogue: what ``icsim evidence [WORD]`` shows."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from icsim.evidence.catalogue import Parameter


def _text(parameter: "Parameter") -> str:
    fields = (
        parameter.key,
        parameter.key.replace("_", " "),
        parameter.unit,
        parameter.year,
        parameter.topic,
        parameter.source,
        parameter.kind,
        parameter.note,
    )
    return "\n".join(fields).casefold()


def search(parameters: "Iterable[Parameter]", word: str = "") -> "list[Parameter]":
    """Parameters in which every word of ``word`` occurs, "" giving them all.

    Words are looked for in key, unit, year, topic, source, class and note, in any case. Rows whose key
    holds every word come first; within that the catalogue's order stands.
    """
    words = word.casefold().split()
    found = [parameter for parameter in parameters if all(part in _text(parameter) for part in words)]
    return sorted(found, key=lambda parameter: not all(part in parameter.key.casefold() for part in words))
