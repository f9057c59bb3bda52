"""``icsim run`` as a user has it: what it prints, what it writes, and what it leaves when it cannot."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

import icsim
from icsim.cli import app
from icsim.recording.store import PARTIAL

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]
QUICK = (
    "isle-of-wight", "--set", "population.sample=0.02", "--years", "0.12", "--set", "programme=none",
    "--set", "shocks=[]",
)  # fmt: skip
TABLES = {
    "daily", "monthly", "by_age_and_imd", "people", "money", "relationships", "decisions", "events",
    "services",
}  # fmt: skip


def start(*arguments: str, cwd: Path) -> subprocess.Popen[str]:
    """The command in a process of its own, its output in pipes."""
    paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "icsim.cli", "run", *arguments]
    return subprocess.Popen(
        command, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    said, complained = process.communicate(timeout=300)
    return process.returncode, said, complained


def everything_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_run_prints_a_summary_and_writes_a_folder(tmp_path):
    given = (*QUICK, "--seed", "7", "--replicates", "2", "--out", "results/mine")
    code, said, complained = ended(start(*given, cwd=tmp_path))
    assert (code, complained) == (0, "")  # no progress, no warnings: not a terminal
    assert "\x1b" not in said
    lines = said.splitlines()
    assert lines[0].startswith("Isle of Wight: 1 April 2015 to 14 May 2015")
    assert any(line.split()[:4] == ["A&E", "attendances", "per", "1,000"] for line in lines)
    assert f"Results: {Path('results/mine')}" in lines
    assert everything_in(tmp_path / "results") == sorted(
        ["mine", "mine/manifest.json", *(f"mine/{table}.parquet" for table in TABLES)]
    )

    monthly: Any = pd.read_parquet(tmp_path / "results" / "mine" / "monthly.parquet")
    assert set(monthly["replicate"]) == {0, 1}
    assert monthly["ae_attendances"].sum() > 50
    people: Any = pd.read_parquet(tmp_path / "results" / "mine" / "people.parquet")
    assert 5_400 < (people["status"] == "resident").sum() < 5_700
    manifest = json.loads((tmp_path / "results" / "mine" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["experiment"]["population"]["sample"] == 0.02

    run: Any = icsim.open_run(tmp_path / "results" / "mine")
    assert (run.replicates, run.name) == (2, "isle-of-wight")
    days = run.daily[run.daily["kind"] == "system"]
    assert len(days) == 2 * 44
    assert days["births"].sum() + days["deaths"].sum() > 0
    assert str(run.summary()).strip().splitlines()[0] == lines[0].strip()
    again: Any = icsim.run(
        run.manifest["experiment"], out=tmp_path / "again"
    )  # the manifest is an experiment
    pd.testing.assert_frame_equal(again.daily, run.daily)
    pd.testing.assert_frame_equal(again.people, run.people)
    pd.testing.assert_frame_equal(again.money, run.money)


def test_running_twice_makes_a_second_folder(tmp_path):
    for expected in ("isle-of-wight-seed3", "isle-of-wight-seed3-2"):
        code, said, _ = ended(start(*QUICK, "--seed", "3", cwd=tmp_path))
        assert code == 0
        assert f"Results: {Path('runs') / expected}" in said
    first, second = (icsim.open_run(tmp_path / "runs" / name) for name in os.listdir(tmp_path / "runs"))
    pd.testing.assert_frame_equal(first.daily, second.daily)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["nowhere-on-wight"], "did you mean"),
        (["no-such-file.yaml"], "no-such-file.yaml"),
        (["isle-of-wight", "--years", "0"], "years: 0"),
        (["isle-of-wight", "--years", "soon"], "--years"),
        (["isle-of-wight", "--seed", "-1"], "seed: -1"),
        (["isle-of-wight", "--replicates", "0"], "replicates: 0"),
        (["isle-of-wight", "--set", "population.sample=2"], "population.sample: 2"),
        (["isle-of-wight", "--set", "population.sample=1e-9"], "leaves nobody"),
        (["isle-of-wight", "--set", "population.sampel=0.1"], "did you mean sample?"),
        (["isle-of-wight", "--set", "start=tomorrow"], "start: 'tomorrow'"),
        (["isle-of-wight", "--set", "organisations.acute_trusts.0.core_beds=-5"], "core_beds: -5"),
        (["isle-of-wight", "--set", "organisations.acute_trusts.0.core_beds=.inf"], "core_beds: inf"),
        (["isle-of-wight", "--set", "relationships.initial_trust=1.3"], "initial_trust: 1.3"),
        (["isle-of-wight", "--set", "parameters={gp_morale_stat: 1}"], "gp_morale_start"),
        (["isle-of-wight", "--set", "nonsense"], "key=value"),
        (["isle-of-wight", "--out", "a/file"], "file"),
        (["isle-of-wight", "--out", "mine"], "not a run of icsim"),
        (["isle-of-wight", "--out", "file/below"], "is not a folder"),
        (["isle-of-wight", "--outt", "x"], "--out"),
        ([], "PLACE|FILE"),
    ],
    ids=lambda value: " ".join(value[-1:]) if isinstance(value, list) else "",
)
def test_bad_input_writes_nothing_and_ends_with_2(tmp_path, monkeypatch, arguments, complaint):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("text")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "file").write_text("text")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.doc").write_text("years of work")
    before = everything_in(tmp_path)
    result = CliRunner().invoke(app, ["run", *arguments])
    assert result.exit_code == 2, result.output
    assert complaint in result.stderr
    assert "Traceback" not in result.output
    assert result.stdout == ""
    assert everything_in(tmp_path) == before


def test_an_earlier_run_is_kept_unless_it_is_to_be_overwritten(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    quick = ["run", *QUICK, "--out", "mine", "--set", "record.people=false"]
    assert CliRunner().invoke(app, quick).exit_code == 0
    assert not (tmp_path / "mine" / "people.parquet").exists()
    written = (tmp_path / "mine" / "manifest.json").read_bytes()
    refused = CliRunner().invoke(app, [*quick, "--seed", "5"])
    assert refused.exit_code == 2
    assert "already holds a run" in refused.stderr
    assert (tmp_path / "mine" / "manifest.json").read_bytes() == written
    assert CliRunner().invoke(app, [*quick, "--seed", "5", "--overwrite"]).exit_code == 0
    assert icsim.open_run("mine").manifest["experiment"]["seed"] == 5
    assert os.listdir(tmp_path) == ["mine"]


def interrupted(tmp_path: Path, number: int) -> tuple[int, str, str]:
    """A run of many replicates that gets a signal when it has begun to write."""
    process = start(*QUICK, "--replicates", "2000", "--out", "mine", cwd=tmp_path)
    until = time.monotonic() + 200
    while not any(tmp_path.glob(f"{PARTIAL}/0/daily.parquet")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)
    process.send_signal(number)
    return ended(process)


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_leaves_nothing(tmp_path, number):
    code, said, complained = interrupted(tmp_path, number)
    assert code not in (0, 2)
    assert "Results" not in said
    assert "Traceback" not in complained
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_a_run_that_is_killed_leaves_nothing_that_looks_complete(tmp_path):
    code, _, _ = interrupted(tmp_path, signal.SIGKILL)
    assert code == -signal.SIGKILL
    assert all(name.startswith(".") for name in os.listdir(tmp_path))
    with pytest.raises(icsim.ResultError, match="does not exist"):
        icsim.open_run(tmp_path / "mine")
    assert not list(tmp_path.rglob("manifest.json"))
    assert ended(start(*QUICK, "--out", "mine", cwd=tmp_path))[0] == 0
    assert os.listdir(tmp_path) == ["mine"]  # what was left is swept away


def test_from_python(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mine = {"extends": "isle-of-wight", "name": "mine", "years": 0.1, "population": {"sample": 0.02}}
    run: Any = icsim.run(mine, overrides={"seed": 11})
    assert run.path == tmp_path / "runs" / "mine-seed11"
    assert isinstance(run, icsim.Run)
    assert len(run.people) > 2_700
    assert "A&E attendances" in str(run.summary())
    assert len(list(run.plot().select_traces())) > 4
    assert icsim.open_run("runs/mine-seed11").monthly.equals(run.monthly)
    with pytest.raises(icsim.ExperimentError, match="did you mean"):
        icsim.run("isle-of-white")
    with pytest.raises(icsim.ResultError, match="already holds a run"):
        icsim.run(mine, out=run.path)
    assert os.listdir(tmp_path) == ["runs"]
