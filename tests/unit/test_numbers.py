"""Numbers that a modeller may doubt are rows of the catalogue: the code of the model holds none."""

import ast
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[2]
FOLDERS = ("icsim/population", "icsim/care", "icsim/system", "agents")
FILES = [path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.py"))]
NUMBERING = {"purposes.py"}  # names of random streams
# What a number may be and not be a choice of the model; 0, 1, 2 and 10 need no reason, and what stands at the
# head of a module has a name there.
STRUCTURE: dict[float, str] = {
    0.1: "the part of each tenth of deprivation",
    0.5: "the middle of severity (0 to 1), rounding, the mean of a lognormal, means of uniform draws",
    3: "levels of need, parts of an array",
    4: "quarters, the month in which financial years begin",
    4.5: "the middle of tenths counted from 0",
    5: "fifths of deprivation, working days of a week, steps along the path of care",
    5.5: "the middle of tenths counted from 1",
    6: "an exponent, kinds of activity, steps of Newton's",
    7: "days of a week, and the measure of long stays",
    8: "bits of a byte",
    9: "decimals kept, steps from the first tenth to the last",
    11: "one past the last tenth",
    12: "months of a year; streams of an episode",
    14: "days of a fortnight, and the measure of long stays",
    16: "bits of an index, points at which a mean is taken",
    18: "the age of adults, whose social care this is",
    20: "points of activation for which the catalogue gives effects; rounds of a search",
    21: "the measure of long stays",
    30: "days within which a readmission is counted",
    64: "points at which a mean is taken",
    65: "the age from which people are counted as older",
    100: "hundreds of thousands over thousands; the activation measure; the age of mortality_100_over_85plus",
    200: "the most that a byte holds of follow-ups",
    365: "days of a year",
    366: "days of a leap year",
    365.25: "days of a year",
    1461: "days of four years",
    1000: "people for whom the catalogue gives rates",
    4096: "streams of a day",
    1e-300: "nothing, but to be divided by",
    1e-12: "nearly nothing",
    1e-9: "nearly nothing",
    1e-6: "nearly nothing",
    1e-4: "nearly nothing, where a search ends",
    1e-3: "nearly nothing",
    1e6: "millions",
    1e8: "a day that does not come",
}
PLAIN = {0, 1, 2, 10}


def numbers_within(source: str) -> list[tuple[int, float | str]]:
    """Line and value of each number inside a function but those of ``PLAIN``, and limits on steps in full."""
    found: list[tuple[int, float | str]] = []
    for function in ast.walk(ast.parse(source)):
        for node in ast.walk(function) if isinstance(function, ast.FunctionDef) else ():
            if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
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
