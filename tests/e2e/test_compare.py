"""``icsim compare`` as a user has it."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from icsim.cli import app

pytestmark = pytest.mark.e2e
WITHOUT = ("--set", "programme=none", "--set", "shocks=[]")
QUICK = ("--set", "population.sample=0.01", "--set", "years=0.1", *WITHOUT)
FEW = ("--assumptions", "0", "--ensemble", "0")
POLICY = "extends: isle-of-wight\nname: policy\ninterventions:\n  - {name: x, levers: {need_acute: 0.5}}\n"


def said(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(arguments))
    return done.exit_code, done.stdout, done.stderr


def test_two_experiments_two_seeds_two_processes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("policy.yaml").write_text(POLICY)
    arguments = (
        "compare",
        "isle-of-wight",
        "policy.yaml",
        *QUICK,
        *FEW,
        "--replicates",
        "2",
        "--out",
        "both",
    )
    code, printed, complained = said(*arguments, "--jobs", "2", "--cost", "1000")
    assert (code, complained) == (0, "")
    assert "policy against isle-of-wight" in printed
    assert printed.endswith("Results: both\n")
    table: Any = pd.read_parquet("both/differences.parquet")
    needs = table[(table["outcome"] == "emergency_admissions") & (table["dimension"] == "place")]
    assert (needs["difference"] < 0).all()
    manifest = json.loads(Path("both/manifest.json").read_text())
    assert manifest["format"] == "icsim-comparison"
    assert [each["seed"] for each in manifest["replicates"]] == [1, 2]
    assert manifest["costs_gbp"] == [1000]
    runs = {str(path.parent) for path in Path("both/runs").glob("*/*/manifest.json")}
    assert runs == {f"both/runs/{name}/seed{seed}" for name in ("isle-of-wight", "policy") for seed in (1, 2)}
    assert said("show", "policy.yaml")[0] == 0
    before = Path("both/manifest.json").read_bytes()
    code, _, complained = said(*arguments)
    assert code == 2
    assert "both already holds a" in complained
    assert Path("both/manifest.json").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["both", "policy.yaml"]


def test_one_replicate_has_no_interval_and_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("policy.yaml").write_text(POLICY)
    code, printed, _ = said(
        "compare", "isle-of-wight", "policy.yaml", *QUICK, *FEW, "--tables-only", "--jobs", "1"
    )
    assert code == 0
    assert "there are no intervals" in " ".join(printed.split())
    folder = Path("runs/isle-of-wight-vs-policy-seed1")
    names = {"comparison.parquet", "differences.parquet", "twins.parquet", "manifest.json"}
    assert {path.name for path in folder.iterdir()} == names
    table: Any = pd.read_parquet(folder / "differences.parquet")
    assert table["low"].isna().all()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("isle-of-wight",), "two or more experiments"),
        (("isle-of-wight", "isle-of-white"), "isle-of-wight"),
        (("isle-of-wight", "stat-quo"), "did you mean status-quo"),
        (("isle-of-wight", "salford"), "twins need the same"),
        (("isle-of-wight", "isle-of-wight", "--set", "yeers=1"), "years"),
        (
            ("isle-of-wight", "isle-of-wight", "--precision", "-1"),
            "precision: -1.0: expected a number above 0",
        ),
        (("isle-of-wight", "isle-of-wight", "--outcome", "deth"), "did you mean deaths"),
        (("isle-of-wight", "isle-of-wight", "--out", "full"), "is not a run of icsim"),
    ],
)
def test_what_cannot_be_compared_is_told_with_exit_code_2(arguments, complaint, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("full").mkdir()
    Path("full/thing").touch()
    code, printed, complained = said("compare", *arguments)
    assert (code, printed) == (2, "")
    assert complaint in complained
    assert "Traceback" not in complained
    assert [path.name for path in tmp_path.rglob("*")] == ["full", "thing"]
