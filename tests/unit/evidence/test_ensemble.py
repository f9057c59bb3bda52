"""An ensemble of plausible values: what was written is read, and what is wrong is named."""

import pytest

from icsim import evidence
from icsim.evidence.ensemble import Ensemble, EnsembleError, read

pytestmark = pytest.mark.unit


def test_what_is_written_is_read(tmp_path):
    sets = [{"effort_base": -1.5, "trust_gain": 0.1}, {"effort_base": -2.25, "trust_gain": 0.05}]
    made = Ensemble({"date": "2026-11-22", "targets": "a: b; c"}, sets)
    (tmp_path / "e.csv").write_text(made.text(), encoding="utf-8")
    found = read(evidence.load(), tmp_path / "e.csv")
    assert dict(found.about) == dict(made.about)
    assert list(found.sets) == sets
    assert found.keys == ("effort_base", "trust_gain")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("effort_base\n", "a row for each set"),
        ("effort_bas\n1\n", "effort_base"),
        ("effort_base\nmuch\n", "expected numbers"),
        ("effort_base\nnan\n", "finite"),
        ("effort_base,trust_gain\n1\n", "2 finite numbers"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, said):
    (tmp_path / "e.csv").write_text(text, encoding="utf-8")
    with pytest.raises(EnsembleError, match=said):
        read(evidence.load(), tmp_path / "e.csv")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(EnsembleError, match=r"none\.csv"):
        read(evidence.load(), tmp_path / "none.csv")
