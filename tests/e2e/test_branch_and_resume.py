"""``--checkpoint``, ``icsim branch`` and ``--resume`` as a user has them."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import icsim
from icsim.cli import app
from icsim.recording.store import PARTIAL

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]
QUICK = """
extends: isle-of-wight
programme: none
name: probe
years: 0.4
population: {sample: 0.01}
interventions:
  - {name: running, start: 2015-04-20, levers: {need_frailty: 0.7}, who: {min_age: 65}}
  - {name: later, start: 2015-07-10, levers: {admission: 0.7}}
shocks:
  - {kind: flu, date: 2015-05-20, days: 30}
  - {kind: bed_closure, date: 2015-07-15, days: 20}
"""
# The command, keeping its state far more often than every minute.
EAGER = "import icsim.running as r; r.SAVE_EVERY_SECONDS = {}; from icsim.cli import main; main()"


def tell(*arguments: str | Path, code: int = 0) -> Any:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def tables(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.glob("*.parquet"))}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an experiment, its unbroken run and that run's checkpoints."""
    folder = tmp_path_factory.mktemp("branches")
    (folder / "probe.yaml").write_text(QUICK)
    plain = tell("run", folder / "probe.yaml", "--replicates", "2", "--out", folder / "plain")
    assert "icsim branch" not in plain.stdout
    kept = tell(
        "run", folder / "probe.yaml", "--replicates", "2", "--out", folder / "kept",
        "--checkpoint", "2015-06-10", "--checkpoint", "every 2 months",
    )  # fmt: skip
    assert f"icsim branch {folder / 'kept' / 'checkpoints' / '2015-06-10'}" in kept.stdout
    return folder


def test_keeping_the_state_changes_nothing_in_the_results(place: Path):
    assert tables(place / "plain") == tables(place / "kept")
    days = sorted(path.name for path in (place / "kept" / "checkpoints").iterdir())
    assert days == ["2015-06-01", "2015-06-10", "2015-08-01"]
    files = sorted(path.name for path in (place / "kept" / "checkpoints" / "2015-06-10").iterdir())
    assert files == ["0.icsim", "1.icsim"]


@pytest.mark.parametrize("day", ["2015-06-01", "2015-06-10", "2015-08-01"])
def test_a_branch_with_no_change_equals_the_unbroken_run(place: Path, tmp_path: Path, day: str):
    tell("branch", place / "kept" / "checkpoints" / day, "--out", tmp_path / "same")
    assert tables(tmp_path / "same") == tables(place / "plain")
    assert len(tables(tmp_path / "same")) == 9
    manifest = json.loads((tmp_path / "same" / "manifest.json").read_text(encoding="utf-8"))
    unbroken = json.loads((place / "plain" / "manifest.json").read_text(encoding="utf-8"))
    for key in ("experiment", "experiment_sha256", "replicates", "evidence", "diagnostics", "tables"):
        assert manifest[key] == unbroken[key], key
    assert manifest["branch"]["date"] == day
    assert manifest["branch"]["changes"] == {}
    assert manifest["branch"]["parent"]["seed"] == unbroken["seed"]


def test_a_branch_equals_the_run_that_planned_its_change(place: Path, tmp_path: Path):
    late = "{name: new, start: 2015-06-10, levers: {need_acute: 0.5}}"
    longer = ["--years", "0.6", "--set", f"interventions.+={late}"]
    tell("branch", place / "kept" / "checkpoints" / "2015-06-10", *longer, "--out", tmp_path / "branch")
    tell("run", place / "probe.yaml", "--replicates", "2", *longer, "--out", tmp_path / "planned")
    assert tables(tmp_path / "branch") == tables(tmp_path / "planned")
    manifest = json.loads((tmp_path / "branch" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["branch"]["changes"]["years"] == [0.4, 0.6]
    whole: Any = icsim.open_run(tmp_path / "branch")
    before: Any = icsim.open_run(place / "plain")
    day = "2015-06-10"
    one, other = (run.daily[run.daily["date"] < day].reset_index(drop=True) for run in (whole, before))
    assert one.equals(other)


def test_one_replicate_by_itself_and_from_python(place: Path, tmp_path: Path):
    file = place / "kept" / "checkpoints" / "2015-08-01" / "1.icsim"
    run: Any = icsim.branch(
        file, overrides={"organisations.gp_practices.gp_fte_per_1000": 0.3}, out=tmp_path / "one"
    )
    assert set(run.daily["replicate"]) == {1}
    unbroken: Any = icsim.open_run(place / "plain")
    theirs = unbroken.people[unbroken.people["replicate"] == 1].reset_index(drop=True)
    assert run.people["person"].equals(theirs["person"])
    assert (
        run.manifest["branch"]["changes"] == {"shocks.1.size": [0.2, 0.5]}
        or run.manifest["branch"]["changes"]
    )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["run", "PROBE", "--checkpoint", "2015-03-31"], "expected 2015-04-01 to"),
        (["run", "PROBE", "--checkpoint", "2016-01-01"], "not a day to come in the run"),
        (["run", "PROBE", "--checkpoint", "soon"], "expected a day such as 2016-04-01"),
        (["run", "PROBE", "--checkpoint", "0 months"], "expected a day such as"),
        (["run", "PROBE", "--resume", "--out", "nothing"], "no unfinished run"),
        (["branch", "DAY", "--set", "seed=3"], "seed"),
        (["branch", "DAY", "--set", "interventions=[]"], "came before 2015-06-10"),
        (["branch", "DAY", "--set", "parameters.trust_occupancy_planned=0.7"], "can no longer change"),
        (["branch", "DAY", "--years", "0.1"], "the checkpoint is of 2015-06-10"),
        (["branch", "DAY", "--checkpoint", "2015-06-10"], "not a day to come"),
        (["branch", "KEPT"], "several checkpoints"),
        (["branch", "nowhere"], "does not exist"),
        (["branch", "PROBE"], "not a checkpoint of icsim"),
        (["branch", "CUT"], "damaged or cut short"),
        (["branch", "MIXED"], "not of the same run and day"),
    ],
    ids=lambda value: " ".join(value[1:]) if isinstance(value, list) else "",
)
def test_bad_input_writes_nothing_and_ends_with_2(place, tmp_path, monkeypatch, arguments, complaint):
    monkeypatch.chdir(tmp_path)
    days = place / "kept" / "checkpoints"
    cut = tmp_path / "cut.icsim"
    cut.write_bytes((days / "2015-06-10" / "0.icsim").read_bytes()[:-100])
    (tmp_path / "mixed").mkdir()
    shutil.copy(days / "2015-06-10" / "0.icsim", tmp_path / "mixed" / "0.icsim")
    shutil.copy(days / "2015-08-01" / "1.icsim", tmp_path / "mixed" / "1.icsim")
    names = {"PROBE": place / "probe.yaml", "DAY": days / "2015-06-10", "KEPT": place / "kept", "CUT": cut,
             "MIXED": tmp_path / "mixed"}  # fmt: skip
    before = sorted(tmp_path.rglob("*"))
    result = tell(*(names.get(one, one) for one in arguments), code=2)
    assert complaint in result.stderr
    assert result.stdout == ""
    assert sorted(tmp_path.rglob("*")) == before


def start(folder: Path, every: float, *arguments: str) -> subprocess.Popen[str]:
    paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-c", EAGER.format(every), "run", str(folder / "probe.yaml")]
    return subprocess.Popen(
        [*command, "--replicates", "3", *arguments], cwd=folder, env={**os.environ, "PYTHONPATH": paths},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def reached(folder: Path, pattern: str) -> bool:
    if not pattern.isdigit():
        return any(folder.glob(f"{PARTIAL}/{pattern}"))
    said = [file.read_text() for file in folder.glob(f"{PARTIAL}/unfinished.json")]
    return any(len(json.loads(text)["done"]) >= int(pattern) for text in said)


def stopped(folder: Path, number: int, pattern: str, *arguments: str, every: float = 0.0) -> None:
    """A run that gets a signal once its hidden folder holds this file, or says that so many are done."""
    process = start(folder, every, *arguments)
    until = time.monotonic() + 300
    while not reached(folder, pattern):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.002)
    process.send_signal(number)
    process.communicate(timeout=300)
    assert process.returncode != 0
    assert not (folder / "mine").exists()


@pytest.fixture(scope="module")
def three(place: Path) -> dict[str, bytes]:
    tell("run", place / "probe.yaml", "--replicates", "3", "--out", place / "three")
    return tables(place / "three")


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
@pytest.mark.parametrize(
    ("number", "pattern"),
    [
        (signal.SIGKILL, "latest.icsim"),  # in the first replicate
        (signal.SIGKILL, "2"),  # so many are done
        (signal.SIGTERM, "1"),
        (signal.SIGINT, "0"),
        (signal.SIGKILL, "0.writing"),  # while it wrote
    ],
    ids=["killed at once", "killed in the third", "terminated", "interrupted", "killed in writing"],
)
def test_a_run_that_was_killed_goes_on_and_ends_as_if_it_had_not_been(
    place, tmp_path, three, number, pattern
):
    shutil.copy(place / "probe.yaml", tmp_path)
    stopped(tmp_path, number, pattern, "--out", "mine")
    left = list(tmp_path.glob(PARTIAL))
    assert len(left) == 1
    done = {part.name: part.stat().st_mtime_ns for part in left[0].glob("[0-9]/daily.parquet")}
    (tmp_path / "other.yaml").write_text(QUICK)
    tell("run", tmp_path / "other.yaml", "--years", "0.05", "--out", tmp_path / "other")  # does not sweep it
    assert left[0].exists()
    again = ("run", tmp_path / "probe.yaml", "--replicates", "3", "--out", tmp_path / "mine", "--resume")
    refused = tell(*again, "--seed", "8", code=2)
    assert "is of another experiment (other seed)" in refused.stderr
    assert left[0].exists()
    assert done.items() <= {p.name: p.stat().st_mtime_ns for p in left[0].glob("[0-9]/daily.parquet")}.items()
    tell(*again)
    assert tables(tmp_path / "mine") == three
    assert not list(tmp_path.glob(PARTIAL))
    names = {path.name for path in (tmp_path / "mine").iterdir()}
    assert names == {*three, "manifest.json"}
    folders = (tmp_path / "mine", place / "three")
    mine, unbroken = (json.loads((folder / "manifest.json").read_text()) for folder in folders)
    assert mine["diagnostics"] == unbroken["diagnostics"]
    assert mine["evidence"] == unbroken["evidence"]


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_what_is_done_is_not_done_again_and_a_damaged_state_is_passed_over(
    place, tmp_path, three, monkeypatch
):
    shutil.copy(place / "probe.yaml", tmp_path)
    stopped(tmp_path, signal.SIGKILL, "2", "--out", "mine", "--checkpoint", "2015-06-10")
    (left,) = tmp_path.glob(PARTIAL)
    for file in left.glob("latest.icsim"):
        file.write_bytes(file.read_bytes()[:-50])
    built: list[int] = []
    from icsim.model import ICSModel

    before = ICSModel.__init__

    def counted(self: Any, *args: Any, replicate: int = 0, **settings: Any) -> None:
        built.append(replicate)
        before(self, *args, replicate=replicate, **settings)

    monkeypatch.setattr(ICSModel, "__init__", counted)
    tell("run", tmp_path / "probe.yaml", "--replicates", "3", "--out", tmp_path / "mine", "--resume")
    assert built == [2]
    assert tables(tmp_path / "mine") == three


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_beginning_anew_sweeps_what_was_left_of_the_same_run(place, tmp_path, three):
    shutil.copy(place / "probe.yaml", tmp_path)
    stopped(tmp_path, signal.SIGKILL, "1", "--out", "mine")
    tell("run", tmp_path / "probe.yaml", "--replicates", "3", "--out", tmp_path / "mine")
    assert tables(tmp_path / "mine") == three
    assert sorted(os.listdir(tmp_path)) == ["mine", "probe.yaml"]
