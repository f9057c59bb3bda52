"""``icsim report`` as a user has it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from icsim.cli import app

pytestmark = pytest.mark.e2e
QUICK = ("isle-of-wight", "--set", "population.sample=0.02", "--years", "0.12")


def said(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(arguments))
    return done.exit_code, done.stdout, done.stderr


def test_a_run_and_its_report(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert said("run", *QUICK, "--out", "mine")[0] == 0
    assert said("report", "mine") == (0, f"Report: {Path('mine/report.html')}\n", "")
    assert said("report", "mine", "--out", "other.html") == (0, "Report: other.html\n", "")
    text = Path("other.html").read_text(encoding="utf-8")
    assert text == Path("mine/report.html").read_text(encoding="utf-8")
    assert "<h1>Isle of Wight</h1>" in text
    assert said("run", *QUICK, "--out", "mine", "--overwrite")[0] == 0  # a report in it is no obstacle


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("nowhere",), "nowhere does not exist"),
        (("empty",), "empty is not a run of icsim: it has no manifest.json"),
        (("a-file",), "a-file is a file, not a results folder"),
    ],
)
def test_what_is_no_run_is_told_in_one_line(arguments, complaint, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    Path("a-file").touch()
    code, printed, complained = said("report", *arguments, "--out", "report.html")
    assert (code, printed) == (2, "")
    assert complained.strip() == complaint
    assert not Path("report.html").exists()
