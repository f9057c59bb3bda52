"""What killed commands leave is swept, and what is being written is not."""

import os
import time

import pytest

from icsim.recording.leftovers import TAKES_SECONDS, partial_of, sweep_leftovers
from icsim.reporting.page import Page, write

pytestmark = pytest.mark.unit


def old(path):
    long_ago = time.time() - TAKES_SECONDS - 60
    os.utime(path, (long_ago, long_ago))
    return path


def test_only_what_is_old_and_of_this_name_is_swept(tmp_path):
    report = tmp_path / "re[p]ort.html"
    gone, now = partial_of(report, "a"), partial_of(report, "b")
    other = partial_of(tmp_path / "other.html", "c")
    for path in (gone, now, other):
        path.write_text("half")
    folder = partial_of(report, "d")
    folder.mkdir()
    (folder / "x").write_text("half")
    for path in (gone, other, folder):
        old(path)
    sweep_leftovers(report)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([now.name, other.name])


def test_the_next_report_sweeps_what_a_killed_one_left(tmp_path):
    left = old_file = partial_of(tmp_path / "report.html", "killed")
    old_file.write_text("half")
    old(left)
    write(Page("t", "s", (), (), (), "f"), tmp_path / "report.html")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
