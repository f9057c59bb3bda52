"""The commands about experiments, as a user has them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]


def icsim(*arguments: str, cwd: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **variables}
    command = [sys.executable, "-m", "icsim.cli", *arguments]
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_help_needs_nothing_heavy():
    code = "import sys, icsim.cli; print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    loaded = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    heavy = {"numpy", "pandas", "numba", "pydantic", "mesa", "plotly", "scipy", "pyarrow", "ruamel.yaml"}
    assert not heavy & set(loaded.stdout.split())
    answer = icsim("--help")
    assert answer.returncode == 0
    assert "check" in answer.stdout


def test_a_sound_experiment(tmp_path):
    answer = icsim("check", "salford", "--set", "years=1", "--set", "programme=none")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.startswith("OK: salford: ")
    assert "251,332 people from 2015-04-01 for 1 years" in answer.stdout
    (tmp_path / "mine.yaml").write_text("extends: salford\nparameters: {gp_consult_rate_0-4: 60}\n")
    answer = icsim("check", "mine.yaml", cwd=tmp_path)
    assert answer.returncode == 0
    assert answer.stderr.startswith("note: parameters.gp_consult_rate_0-4: 60 lies outside")


def test_a_faulty_experiment_gives_one_clear_error_and_nothing_else(tmp_path):
    faulty = "place: salford\norganisations:\n  acute_trusts:\n    - name: Royal\n      core_beds: -5\n"
    (tmp_path / "faulty.yaml").write_text(faulty)
    for command in ("check", "show"):
        answer = icsim(command, "faulty.yaml", cwd=tmp_path)
        assert (answer.returncode, answer.stdout) == (2, "")
        expected = (
            "faulty.yaml:5: organisations.acute_trusts.0.core_beds: -5: expected a number from 0 to 1,000,000"
        )
        assert answer.stderr.strip() == expected
    assert [path.name for path in tmp_path.iterdir()] == ["faulty.yaml"]


def test_bad_options_are_bad_input():
    for arguments in (
        ["check"],
        ["check", "salford", "--sett", "x"],
        ["chek"],
        ["check", "salford", "--set"],
    ):
        assert icsim(*arguments).returncode == 2, arguments


def test_what_is_shown_can_be_read_again(tmp_path):
    shown = icsim("show", "salford", "--set", "population.sample=0.1")
    assert shown.returncode == 0
    lines = [line for line in shown.stdout.splitlines() if line.strip().startswith("sample:")]
    assert lines[0].endswith("# --set")
    (tmp_path / "again.yaml").write_text(shown.stdout, encoding="utf-8")
    assert icsim("check", "again.yaml", cwd=tmp_path).stdout.startswith("OK: salford")


def test_the_schema_is_written_whole_or_not_at_all(tmp_path):
    assert icsim("schema", "--out", "schema.json", cwd=tmp_path).returncode == 0
    schema = json.loads((tmp_path / "schema.json").read_text(encoding="utf-8"))
    assert "population" in schema["properties"]
    answer = icsim("schema", "--out", "nowhere/schema.json", cwd=tmp_path)
    assert answer.returncode == 2
    assert "Traceback" not in answer.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["schema.json"]


def test_what_icsim_knows_can_be_searched():
    assert "NHS Leeds West CCG" in icsim("places", "leeds").stdout
    found = icsim("evidence", "nurse consult")
    assert found.stdout.splitlines()[0].split("\t") == [
        "key",
        "value",
        "low-high",
        "unit",
        "year",
        "class",
        "source",
    ]
    assert "gp_nurse_consult_rate\t" in found.stdout
    assert icsim("places", "leedz").returncode == 2


def test_an_unexpected_failure_is_one_line(tmp_path):
    (tmp_path / "breaking.py").write_text(
        "import icsim.experiment, icsim.cli\n"
        "def broken(*_): raise RuntimeError('the sky\\nfell')\n"
        "icsim.experiment.load = broken\n"
        "icsim.cli.app()\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(tmp_path / "breaking.py"), "check", "salford"]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert answer.stderr.startswith("icsim failed: RuntimeError: the sky fell")
    assert len(answer.stderr.strip().splitlines()) == 1
    told = subprocess.run(
        command, env={**environment, "ICSIM_DEBUG": "1"}, capture_output=True, text=True, check=False
    )
    assert "Traceback" in told.stderr
