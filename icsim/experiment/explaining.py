"""From pydantic's errors to problems a researcher can act on."""

from typing import Any

from pydantic import ValidationError

from icsim.experiment.errors import Problem, near
from icsim.experiment.json_schema import all_keys, choices_at, expected, key_example, keys_at
from icsim.experiment.tree import Node, Path, dotted

OWN_WORDS = {
    "count",
    "step",
    "ages",
    "shock",
    "name",
    "range",
    "capacity",
    "failure",
    "service",
}  # errors of our validators, whose message says it all
LISTED_KEYS = 12
EXPLAINED = 200  # errors looked into: nobody reads more, and a hostile file may hold many thousands


def problems_of(error: ValidationError, tree: Node) -> list[Problem]:
    """One problem per error, unknown keys first and missing ones last, each group by place of writing."""
    errors = error.errors(include_url=False)[:EXPLAINED]
    paths = [_path(details["loc"]) for details in errors]
    found = [
        _problem(details, tree)
        for details, path in zip(errors, paths, strict=True)
        if details["type"] != "too_short"
        or not any(len(p) > len(path) and p[: len(path)] == path for p in paths)
    ]  # pydantic counts a list's faulty items as absent: the items' own errors say it better
    ranked = sorted(found, key=lambda pair: pair[0])
    return list({str(problem): problem for _, problem in ranked}.values())


def _problem(details: Any, tree: Node) -> tuple[tuple[int, str, int], Problem]:
    path = _path(details["loc"])
    node, _ = tree.find(path)
    kind = details["type"]
    bad_key = bool(details["loc"]) and details["loc"][-1] == "[key]"
    rank = 0 if kind == "extra_forbidden" or bad_key else 2 if kind == "missing" else 1
    where, key = str(node.mark), dotted(path)
    order = (rank, node.mark.label, node.mark.line or 0)
    if bad_key and (example := key_example(path[:-1])):
        return order, Problem(where, key, f"unknown key; expected one such as {example}")
    if rank == 0:
        return order, unknown_key(where, path)
    if kind == "missing":
        return order, Problem(where, key, f"missing; expected {expected(path)}")
    if kind in OWN_WORDS:
        return order, Problem(where, key, details["msg"])
    value = details["input"]
    said = f"expected {expected(path)}"
    if isinstance(value, int | float) and not isinstance(value, bool) and said.startswith("expected text"):
        said += "; put it in quotes"
    if isinstance(value, str) and "number" in said and _is_number(value):
        said += "; write it without quotes"
    return order, Problem(where, key, said, value=value, choices=near(value, choices_at(path)))


def unknown_key(where: str, path: Path) -> Problem:
    """A key that the mapping it stands in does not have, with the nearest that exists."""
    key, parent = str(path[-1]), path[:-1]
    siblings = keys_at(parent)
    elsewhere = [known for known in all_keys() if known.rsplit(".", 1)[-1] == key]  # right word, wrong place
    choices = tuple(elsewhere[:2]) or near(key, siblings) or near(key, all_keys(), 1)
    said = "unknown key"
    if not choices and siblings:
        more = ", ..." if len(siblings) > LISTED_KEYS else ""
        said += f"; the keys here are {', '.join(siblings[:LISTED_KEYS])}{more}"
    return Problem(where, dotted(path), said, choices=choices)


def _path(loc: tuple[int | str, ...]) -> Path:
    """Pydantic's location without the tags of unions."""
    return tuple(
        step for step in loc if step not in {"<map>", "<list>", "<value>", "<use>", "<word>", "[key]"}
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
