"""The validate command, as a user has it, on the patterns that few people and seeds can tell."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]
SURE = ("leaders-leave", "narrowing")
"""Patterns so clear that a fiftieth of the people shows them on these seeds (all: docs/validated.md)."""


def icsim(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "icsim.cli", "validate", *arguments]
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def test_clear_patterns_are_shown_and_vanish_with_their_mechanism(tmp_path: Path):
    files = ["--json", "found.json", "--page", "found.md"]
    answer = icsim(*SURE, "--sample", "0.02", "--seeds", "3", "--jobs", "2", *files, cwd=tmp_path)
    assert answer.returncode == 0, answer.stderr
    checks = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))["checks"]
    assert {(one["pattern"], one["verdict"]) for one in checks} == {(name, "shown") for name in SURE}, checks
    assert "2 shown, 0 not shown, 0 cannot tell" in answer.stdout
    page = (tmp_path / "found.md").read_text(encoding="utf-8")
    assert page.startswith("# Patterns: what was found")
    assert "salford, 2% of the people, seeds 1 to 3" in page


def test_a_pattern_that_is_none_is_one_line(tmp_path: Path):
    answer = icsim("leader-leaves", cwd=tmp_path)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.count("\n") == 1
    assert "leaders-leave" in answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_for_a_page_is_refused_before_anything_is_run(tmp_path: Path):
    answer = icsim("leaders-leave", "--page", ".", cwd=tmp_path)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr == "--page: '.': is a folder, not a file\n"
