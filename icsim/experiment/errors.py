"""The one error of an experiment: what is wrong, where, and what would be right, in a line per problem."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from icsim.evidence.nearest import nearest

SHOWN_CHARACTERS = 60
SHOWN_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong: ``where`` is ``file:line`` or ``--set``, ``key`` dotted, ``said`` plain words."""

    where: str
    key: str
    said: str
    value: Any = ...
    choices: Sequence[str] = ()

    def __str__(self) -> str:
        parts = [self.where, shown_key(self.key)]
        if self.value is not ...:
            parts.append(shown(self.value))
        parts.append(self.said)
        line = ": ".join(part for part in parts if part)
        if self.choices:
            line += f"; did you mean {' or '.join(shown_key(choice) for choice in self.choices)}?"
        return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in line)


class ExperimentError(ValueError):
    """An experiment that cannot be read; ``str()`` is the whole message, ``problems`` its parts."""

    def __init__(self, problems: Problem | Iterable[Problem]):
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__(self._message())

    def _message(self) -> str:
        lines = [str(problem) for problem in self.problems[:SHOWN_PROBLEMS]]
        more = len(self.problems) - len(lines)
        if more > 0:
            lines.append(f"and {more} more")
        if len(self.problems) > 1:
            lines.insert(0, f"{len(self.problems)} problems:")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[Any, ...]:
        plain = [Problem(p.where, p.key, _said_in_full(p), choices=p.choices) for p in self.problems]
        return (type(self), (plain,))


def _said_in_full(problem: Problem) -> str:
    """The words with the value in them, so that an error crosses processes whatever its value was."""
    return problem.said if problem.value is ... else f"{shown(problem.value)}: {problem.said}"


def shown(value: Any) -> str:
    """A value on one line, cut short, safe to print anywhere."""
    if isinstance(value, dict):
        text = f"a mapping of {len(value)} keys" if value else "an empty mapping"
    elif isinstance(value, list | tuple) and any(isinstance(item, dict | list | tuple) for item in value):
        text = f"a list of {len(value)} items"
    elif value is None:
        text = "nothing (null)"
    elif isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, date):
        text = value.isoformat()
    else:
        try:
            text = repr(list(value) if isinstance(value, tuple) else value)
        except ValueError:  # an integer too long to be written
            text = "a very long number"
    return _safe(text)


def shown_key(key: str) -> str:
    """A key as it was written, if it can be printed."""
    return key if key.isprintable() and len(key) <= 2 * SHOWN_CHARACTERS else _safe(ascii(key))


def _safe(text: str) -> str:
    text = text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 3]}..."
    return text if text.isprintable() else ascii(text)


def near(word: Any, choices: Iterable[str], count: int = 2) -> tuple[str, ...]:
    """The nearest valid choices, () when nothing is near."""
    return tuple(nearest(word, choices, count)) if isinstance(word, str) and len(word) <= 200 else ()
