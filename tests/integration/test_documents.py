"""Pages that hold icsim against yardsticks are as code and catalogue have it; tutorials do what they say."""

import re
import runpy
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from icsim.cli import app

pytestmark = pytest.mark.integration
DOCS = Path(__file__).parents[2] / "docs"
SMALL = ("--set", "population.sample=0.005")
RUNS = ("run", "compare")
QUICK = ("--jobs", "1", "--assumptions", "3", "--ensemble", "3")


def test_pages_of_yardsticks_are_as_the_code_makes_them():
    pages = runpy.run_path(str(DOCS / "make_standards.py"))["made"]()
    assert len(pages) > 5
    for path, text in pages.items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run python docs/make_standards.py"


def test_the_overview_is_as_the_code_draws_it():
    drawn = runpy.run_path(str(DOCS / "img/overview.py"))["drawn"]()
    assert (DOCS / "img/overview.svg").read_text(encoding="utf-8") == drawn


def blocks(page: Path, kind: str) -> list[str]:
    """The fenced blocks of a page of one kind ('' for commands)."""
    parts = re.split(r"^```(.*)\n", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [text for opened, text in zip(parts[1::4], parts[2::4], strict=True) if opened == kind]


def commands(page: Path) -> list[list[str]]:
    """Every icsim command of a page, without its comment."""
    text = "\n".join(blocks(page, "")).replace("\\\n", " ")
    lines = [shlex.split(line, comments=True) for line in text.splitlines()]
    return [words[1:] for words in lines if words and words[0] == "icsim"]


@pytest.mark.parametrize("page", sorted((DOCS / "tutorials").glob("*.md")), ids=lambda page: page.stem)
def test_a_tutorial_does_what_it_says(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for text in blocks(page, "yaml"):
        named = re.match(r"# (\S+\.yaml)\n", text)
        assert named, "the first line of a file is its name"
        Path(named[1]).write_text(text, encoding="utf-8")
    told = commands(page)
    assert told
    for words in told:
        if words[0] == "dashboard":  # served for ever: tests/e2e/test_dashboard.py
            continue
        more = [*SMALL, "--set", "years=0.6"] if words[0] in RUNS else []
        quick = QUICK if words[0] == "compare" else ()
        done = CliRunner().invoke(app, [*words, *more, *quick])
        assert done.exit_code == 0, (words, done.output)
    names: dict[str, object] = {}  # a page's blocks go on from one another
    for text in blocks(page, "python"):
        exec(compile(text, str(page), "exec"), names)
