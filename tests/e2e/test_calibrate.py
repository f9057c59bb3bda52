"""The calibrate command, as a user has it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]
PLAN = "place: isle-of-wight\nyears: 1\nparameters:\n  - key: %s\ntargets:\n  - row: '%s'\n"
DEATHS = "Deaths: 85+"


def icsim(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "XDG_CACHE_HOME": str(cwd / "kept"),
        "NUMBA_CACHE_DIR": os.environ.get("NUMBA_CACHE_DIR") or str(Path.home() / ".cache" / "icsim"),
    }  # fmt: skip
    command = [sys.executable, "-m", "icsim.cli", "calibrate", *arguments]
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def test_a_dry_run_shows_the_plan_and_the_time_and_writes_nothing(tmp_path):
    (tmp_path / "plan.yaml").write_text(PLAN % ("need_scale_death", DEATHS))
    before = {path: path.read_bytes() for path in (ROOT / "icsim/evidence/catalogue").glob("*.csv")}
    answer = icsim(
        "--plan", "plan.yaml", "--sample", "0.02", "--set", "shocks=[]", "--dry-run", "--write", cwd=tmp_path
    )
    assert (answer.returncode, answer.stderr) == (0, "")
    for said in ("need_scale_death", "0.616 - 1.14", "Deaths: 85+", "Nothing was fitted or written"):
        assert said in answer.stdout
    assert before == {path: path.read_bytes() for path in before}
    (tmp_path / "plan.yaml").write_text(PLAN % ("need_scale_death", "Deaths: 85"))
    answer = icsim("--plan", "plan.yaml", "--sample", "0.02", "--set", "shocks=[]", "--dry-run", cwd=tmp_path)
    assert answer.returncode == 2
    assert answer.stderr.startswith("plan.yaml:6: targets: 'Deaths: 85': the baseline table has no such row")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--plan", "none.yaml"], "--plan: 'none.yaml': cannot be read"),
        (
            ["--plan", "bad.yaml"],
            "bad.yaml:4: parameters: 'need_scale_dead': the evidence catalogue",
        ),
        (["--place", "salfort"], "salford"),
        (["--place", "salford", "--write"], "--write: 'salford': writes to the catalogue"),
        (
            ["--out", "none/fitted.yaml"],
            "--out: 'none/fitted.yaml': cannot be written",
        ),
        (["--sample", "2"], "population.sample"),
        (["--seeds", "0"], "--seeds"),
    ],
)
def test_what_cannot_be_done_is_refused_at_once_with_exit_code_2(tmp_path, arguments, said):
    (tmp_path / "bad.yaml").write_text(PLAN % ("need_scale_dead", DEATHS))
    answer = icsim(*arguments, cwd=tmp_path)
    assert answer.returncode == 2
    assert said in " ".join(answer.stderr.split())
    assert "Traceback" not in answer.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["bad.yaml"]
