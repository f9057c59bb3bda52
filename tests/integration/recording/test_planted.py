"""What lies in a results folder is data: nothing in it is carried out, and what is no result is refused."""

import ast
import os
import pickle
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import icsim
from icsim.cli import app
from icsim.recording.store import PARTIAL
from icsim.sweeps import sweeping
from icsim.sweeps.execution import join
from icsim.sweeps.store import Store
from icsim.sweeps.work import make_runs

pytestmark = pytest.mark.integration
ROOT = Path(icsim.__file__).parent
QUICK = [
    "--set",
    "population.sample=0.005",
    "--set",
    "years=0.05",
    "--set",
    "programme=none",
    "--set",
    "shocks=[]",
]
SWEEP = """
name: small
base: isle-of-wight
set: {years: 0.05, population.sample: 0.005, programme: none}
design: list
points: [{relationships.initial_trust: 0.3}]
"""
RUNS_CODE = ("pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "yaml")


class Trap:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.folder),)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with a checkpoint, a comparison and a sweep."""
    folder = tmp_path_factory.mktemp("results")
    run = icsim.run("isle-of-wight", overrides=QUICK[1::2], out=folder / "run", checkpoints=["2015-04-10"])
    assert run.path.name == "run"
    icsim.compare(
        ["isle-of-wight", "isle-of-wight"],
        overrides=QUICK[1::2],
        out=folder / "compare",
        jobs=1,
        keep_runs=False,
        assumptions=0,
        ensemble=0,
    )
    (folder / "small.yaml").write_text(SWEEP, encoding="utf-8")
    sweep = sweeping.prepare(folder / "small.yaml", out=folder / "sweep")
    with Store(folder / "sweep") as store:
        sweeping.save(sweep, store)
        table, failed = make_runs(sweep.design.base, sweep.design.runs, sweep.design.keep, None)
        assert table is not None, failed
        store.add(0, table)
        join(sweep.design, store, 0)
    return folder


COMMANDS = {
    "run": [["explain", "run"], ["report", "run"],
            ["branch", "run/checkpoints/2015-04-10", "--out", "branch"]],
    "compare": [["explain", "compare"], ["report", "compare"]],
    "sweep": [["sensitivity", "sweep"], ["discover", "sweep"], ["totals", "sweep"],
              ["sweep", "small.yaml", "--out", "sweep", "--dry-run"]],
}  # fmt: skip
DAMAGE = {
    "nested": b'{"a":' * 100_000,
    "utf-16": '{"format": "icsim"}'.encode("utf-16"),
    "latin-1": b'{"format": "\xe9"}',
    "NUL": b"\0" * 100,
    "nothing": b"",
    "a list": b"[]",
    "a long number": b'{"format_version": ' + b"9" * 10_000 + b"}",
}


def answered(arguments: list[str]) -> None:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code in (0, 2), (arguments, done.output)
    assert "Traceback" not in done.output


@pytest.mark.parametrize("kind", COMMANDS)
def test_a_pickle_in_place_of_any_file_is_not_loaded(results, tmp_path, monkeypatch, kind):
    trap = tmp_path / "sprung"
    planted = pickle.dumps(Trap(trap))
    shutil.copy(results / "small.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    files = [path.relative_to(results) for path in sorted((results / kind).rglob("*")) if path.is_file()]
    assert len(files) > 2
    shutil.copytree(results / kind, tmp_path / kind)
    for at, file in enumerate(files):
        (tmp_path / file).write_bytes(planted)
        for beside in (
            "state.pkl",
            "cache.pickle",
            "people.joblib",
            "conftest.py",
            "icsim.py",
            "sitecustomize.py",
        ):
            (tmp_path / file).with_name(beside).write_bytes(planted)
        answered(COMMANDS[kind][at % len(COMMANDS[kind])])
        shutil.copy(results / file, tmp_path / file)
        assert not trap.exists(), file


def test_a_pickle_in_what_a_dead_run_left_is_not_loaded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trap = tmp_path / "sprung"
    left = tmp_path / PARTIAL.replace("*", "0" * 32)
    (left / "0").mkdir(parents=True)
    for name in ("unfinished.json", "latest.icsim", "0/daily.parquet"):
        (left / name).write_bytes(pickle.dumps(Trap(trap)))
    arguments = ["run", "isle-of-wight", *QUICK, "--out", "mine"]
    done = CliRunner().invoke(app, [*arguments, "--resume"])
    assert done.exit_code == 2, done.output
    assert CliRunner().invoke(app, arguments).exit_code == 0
    assert not trap.exists()


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_manifest_that_is_none_is_refused(results, tmp_path, monkeypatch, damage):
    shutil.copy(results / "small.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    for kind, name in (("run", "manifest.json"), ("compare", "manifest.json"), ("sweep", "sweep.json")):
        shutil.copytree(results / kind, tmp_path / kind)
        (tmp_path / kind / name).write_bytes(DAMAGE[damage])
        for arguments in COMMANDS[kind]:
            if arguments[0] != "branch":
                done = CliRunner().invoke(app, arguments)
                assert done.exit_code == 2, (arguments, done.output)
                assert "Traceback" not in done.output


def test_no_module_can_load_what_runs_code():
    for file in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [each.name for each in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            elif isinstance(node, ast.Call):
                called = node.func
                assert not (isinstance(called, ast.Name) and called.id in ("eval", "exec")), (
                    file,
                    node.lineno,
                )
                assert not any(each.arg == "allow_pickle" for each in node.keywords), (file, node.lineno)
                read = called.attr if isinstance(called, ast.Attribute) else ""
                assert read not in ("read_pickle", "to_pickle", "unsafe_load"), (file, node.lineno)
            assert not {name.split(".")[0] for name in names} & set(RUNS_CODE), (file, names)
