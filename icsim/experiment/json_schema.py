"""The JSON Schema of experiment files, for editors, and for saying what a key expects."""

import copy
from collections.abc import Iterator
from functools import cache
from typing import Any

from icsim import evidence
from icsim.experiment.fields import EVIDENCE, EXPECTED
from icsim.experiment.schema import Experiment
from icsim.experiment.tree import Path

LISTED_CHOICES = 16
SCHEMA_ID = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """The JSON Schema of an experiment file: every key described, defaults and catalogue keys included."""
    schema = copy.deepcopy(bare_schema())
    for part in [schema, *schema["$defs"].values()]:
        for field in part.get("properties", {}).values():
            if EVIDENCE in field:
                field["default"] = evidence.load()[field[EVIDENCE]].value
    schema["properties"]["parameters"] |= {
        "properties": {p.key: _parameter(p) for p in evidence.load() if p.is_number},
        "additionalProperties": False,
    }
    return {"$schema": SCHEMA_ID, **schema}


def _parameter(parameter: evidence.Parameter) -> dict[str, Any]:
    known_range = f", {parameter.low} to {parameter.high}" if parameter.low is not None else ""
    said = f"{parameter.unit} ({parameter.kind}{known_range}). {parameter.source}"
    return {"type": "number", "default": parameter.value, "description": said}


@cache
def bare_schema() -> dict[str, Any]:
    """The schema as pydantic writes it: no catalogue values."""
    return Experiment.model_json_schema()


def forms(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The alternatives a schema allows, references followed, null left out."""
    if "$ref" in schema:
        target = bare_schema()["$defs"][schema["$ref"].rsplit("/", 1)[1]]
        yield from forms(target)
    elif "anyOf" in schema or "oneOf" in schema:
        for form in schema.get("anyOf") or schema["oneOf"]:
            yield from forms(form)
    elif schema.get("type") != "null":
        yield schema


def schema_at(path: Path) -> dict[str, Any] | None:
    """The part of the schema that describes ``path``; None where the schema has no such key."""
    here: dict[str, Any] = bare_schema()
    for step in path:
        below = None
        for form in forms(here):
            if isinstance(step, int):
                below = below or form.get("items")
            else:
                more = form.get("additionalProperties")
                below = (
                    below
                    or form.get("properties", {}).get(step)
                    or (more if isinstance(more, dict) else None)
                )
                for pattern_schema in form.get("patternProperties", {}).values():
                    below = below or pattern_schema
        if below is None:
            return None
        here = below
    return here


def keys_at(path: Path) -> list[str]:
    """The keys a mapping at ``path`` may hold, [] where it may hold any or is no mapping."""
    schema = schema_at(path)
    found: list[str] = []
    for form in forms(schema) if schema else ():
        found += form.get("properties", {})
        found += form.get("propertyNames", {}).get("enum", [])
        if "const" in form.get("propertyNames", {}):
            found.append(form["propertyNames"]["const"])
    return found


def key_example(path: Path) -> str:
    """A key that a mapping at ``path`` might hold, where keys have a form of their own; else ""."""
    schema = schema_at(path)
    for form in forms(schema) if schema else ():
        if examples := form.get("propertyNames", {}).get("examples"):
            return str(examples[0])
    return ""


def all_keys() -> list[str]:
    """Every dotted key of the schema outside lists."""
    return [".".join(path) for path in _walk((), 0)]


def _walk(path: tuple[str, ...], depth: int) -> Iterator[tuple[str, ...]]:
    for key in keys_at(path) if depth < 4 else ():
        yield (*path, key)
        yield from _walk((*path, key), depth + 1)


def expected(path: Path) -> str:
    """What a key expects, in words: "a number above 0 and up to 1", "one of activity, block"; or ""."""
    schema = schema_at(path)
    if schema is None or EXPECTED in schema:
        return schema[EXPECTED] if schema else ""
    return " or ".join(dict.fromkeys(_words(form) for form in forms(schema)))


def choices_at(path: Path) -> list[str]:
    """The words a key may hold, [] where it is not a choice."""
    schema = schema_at(path)
    found: list[str] = []
    for form in forms(schema) if schema else ():
        found += [word for word in form.get("enum", []) if isinstance(word, str)]
        if isinstance(form.get("const"), str):
            found.append(form["const"])
    return found


def _words(form: dict[str, Any]) -> str:
    if "const" in form:
        return str(form["const"])
    if "enum" in form:
        listed = form["enum"][:LISTED_CHOICES]
        return (
            "one of " + ", ".join(str(item) for item in listed) + (", ..." if listed != form["enum"] else "")
        )
    kind = form.get("type")
    if kind in ("number", "integer"):
        return _number_words(form, "a whole number" if kind == "integer" else "a number")
    if kind == "string":
        return _text_words(form)
    if kind == "boolean":
        return "true or false"
    if kind == "array":
        items = " or ".join(dict.fromkeys(_words(item) for item in forms(form.get("items", {}))))
        return ("a list of one or more" if form.get("minItems") else "a list") + (
            f", each {items}" if items else ""
        )
    if kind == "object":
        return _mapping_words(form)
    return "a value"


def _mapping_words(form: dict[str, Any]) -> str:
    if keys := ", ".join(form.get("properties", {})):
        return f"a mapping with keys among {keys}"
    values = form.get("additionalProperties")
    return f"a mapping to {_words(values)}" if isinstance(values, dict) and "type" in values else "a mapping"


def _number_words(form: dict[str, Any], words: str) -> str:
    low, above = form.get("minimum"), form.get("exclusiveMinimum")
    high, below = form.get("maximum"), form.get("exclusiveMaximum")
    if low is not None and high is not None:
        return f"{words} from {low:,.12g} to {high:,.12g}"
    if low is not None:
        words += f" of {low:,.12g} or more"
    if above is not None:
        words += f" above {above:,.12g}"
    if high is not None:
        words += f" and up to {high:,.12g}"
    if below is not None:
        words += " and below 2**63" if below > 1e15 else f" and below {below:,.12g}"
    return words


def _text_words(form: dict[str, Any]) -> str:
    if form.get("format") == "date":
        return "a date from 2000 to 2099 such as 2015-04-01"
    if form.get("examples"):
        return f"text such as {form['examples'][0]}"
    if "maxLength" in form:
        return f"text of {form.get('minLength', 0)} to {form['maxLength']} characters"
    return "text"
