"""Numbers that a modeller may doubt are rows of the catalogue: the day of care holds none of its own."""

import ast
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[2]
FILES = sorted([*(ROOT / "icsim" / "care").glob("*.py"), *(ROOT / "agents").glob("*.py")])
NUMBERING = {"purposes.py"}  # names of random streams
# What a number may be and not be a choice of the model; 0, 1, 2 and 10 need no reason, and what stands at the
# head of a module has a name there.
STRUCTURE: dict[float, str] = {
    0.5: "the middle of severity (0 to 1), rounding, the mean of a lognormal, means of uniform draws",
    3: "levels of need, parts of an array",
    4: "quarters",
    5: "fifths of deprivation, working days of a week",
    6: "an exponent",
    7: "days of a week, and the measure of long stays",
    8: "bits of a byte",
    9: "decimals kept",
    12: "months of a year; streams of an episode",
    14: "days of a fortnight, and the measure of long stays",
    16: "bits of an index",
    20: "points of activation for which the catalogue gives effects",
    21: "the measure of long stays",
    30: "days within which a readmission is counted",
    65: "the age from which people are counted as older",
    100: "hundreds of thousands over thousands; the activation measure",
    200: "the most that a byte holds of follow-ups",
    366: "days of a leap year",
    365.25: "days of a year",
    1000: "people for whom the catalogue gives rates",
    4096: "streams of a day",
    1e-12: "nearly nothing",
    1e-9: "nearly nothing",
    1e-6: "nearly nothing",
    1e8: "a day that does not come",
}
PLAIN = {0, 1, 2, 10}


def numbers_within(source: str) -> list[tuple[int, float | str]]:
    """Line and value of each number inside a function but those of ``PLAIN``, and limits on steps in full."""
    found: list[tuple[int, float | str]] = []
    for function in ast.walk(ast.parse(source)):
        for node in ast.walk(function) if isinstance(function, ast.FunctionDef) else ():
            if isinstance(node, ast.Constant) and type(node.value) in (int, float):
                if node.value not in PLAIN:
                    found.append((node.lineno, node.value))
            elif isinstance(node, ast.Compare):
                limit = ast.unparse(node)
                if re.search(r"\.step \S+ \d", limit):
                    found.append((node.lineno, limit))
    return found


@pytest.mark.parametrize("path", [p for p in FILES if p.name not in NUMBERING], ids=lambda path: path.name)
def test_no_number_of_the_model_hides_in_its_code(path: Path) -> None:
    found = numbers_within(path.read_text(encoding="utf-8"))
    assert [each for each in found if each[1] not in STRUCTURE] == []  # make it a row, or explain it


def test_a_number_of_the_model_is_found() -> None:
    source = "def choose(p):\n    return 1.0 if p.step > 3 and p.age >= 65 else 0.42"
    assert {x for _, x in numbers_within(source) if x not in STRUCTURE} == {"p.step > 3", 0.42}


def test_each_explanation_is_needed() -> None:
    used = {x for path in FILES for _, x in numbers_within(path.read_text(encoding="utf-8"))}
    assert set(STRUCTURE) <= used
