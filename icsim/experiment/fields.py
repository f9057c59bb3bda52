"""The kinds of value an experiment holds; defaults come from the evidence catalogue."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from icsim import evidence

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
EVIDENCE = "evidence"  # the JSON Schema annotation that names a field's row of the catalogue
EXPECTED = "expected"  # the annotation that says in words what a field takes, where its types say it badly


class Part(BaseModel):
    """A mapping of an experiment: unknown keys are refused, values never change once read."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=False
    )


def _to_day(value: object) -> object:
    """Accept a date or its ISO text; numbers and times of day are refused (2015 is not a date)."""
    if isinstance(value, datetime):
        if value.time() == datetime.min.time():
            return value.date()
    elif isinstance(value, date):
        return value
    elif isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise PydanticCustomError("day", "not a date")


def _within_years(value: date) -> date:
    if not FIRST_DAY <= value <= LAST_DAY:
        raise PydanticCustomError("day", "not a date the model covers")
    return value


def _no_arrow(value: str) -> str:
    if "->" in value:
        raise PydanticCustomError("name", "a name may not contain '->'")
    return value


def one_of(names: Iterable[str]) -> Any:
    """Text that is one of ``names``, for use in ``Annotated[str, one_of(...)]``."""
    known = tuple(names)

    def check(value: str) -> str:
        if value not in known:
            raise PydanticCustomError("choice", "not one of the choices")
        return value

    return _Joined(AfterValidator(check), WithJsonSchema({"type": "string", "enum": list(known)}))


class _Joined:
    """Several pieces of ``Annotated`` metadata in one."""

    def __init__(self, *pieces: Any):
        self.pieces = pieces

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Any]) -> Any:
        return handler.generate_schema(Annotated[(source, *self.pieces)])  # type: ignore[attr-defined]


Number = Annotated[float, Strict()]
NonNegative = Annotated[float, Strict(), Field(ge=0)]
Positive = Annotated[float, Strict(), Field(gt=0)]
Share = Annotated[float, Strict(), Field(ge=0, le=1)]
Count = Annotated[int, Strict(), Field(ge=0)]
Text = Annotated[str, StringConstraints(strict=True, max_length=4000)]
Name = Annotated[
    str,
    StringConstraints(
        strict=True, strip_whitespace=True, min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$"
    ),
    AfterValidator(_no_arrow),
]
Code = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9]{3,12}$"), Field(examples=["RM3"])]
Flag = bool
Day = Annotated[
    date,
    BeforeValidator(_to_day),
    AfterValidator(_within_years),
    WithJsonSchema({"type": "string", "format": "date"}),
]


def default_of(key: str) -> float | str:
    """The value of a catalogue row, for use as a default."""
    return evidence.load()[key].value


def evidenced(key: str, description: str, **constraints: Any) -> Any:
    """A field whose default is the row ``key`` of the evidence catalogue."""
    return Field(
        default_factory=lambda: _typed(key),
        validate_default=True,
        description=description,
        json_schema_extra={EVIDENCE: key},
        **constraints,
    )


def _typed(key: str) -> Any:
    """A row's value as the kind of its unit says: text, a whole number or a number."""
    value = default_of(key)
    whole = evidence.load()[key].unit in {"integer", "runs"}
    return int(value) if whole else value


def names_of(enum: Any) -> tuple[str, ...]:
    """The names of an enumeration in lower case, as experiments write them."""
    return tuple(member.name.lower() for member in enum)


def shape_of(value: Any) -> str:
    """Which form of a key that takes several a value has: the tag of the union."""
    if isinstance(value, dict | BaseModel):  # a model when it is written out again
        return "<map>"
    return "<list>" if isinstance(value, list | tuple) else "<value>"
