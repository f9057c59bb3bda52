import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as parquet
import pytest

from icsim.recording.recorder import Recorder
from icsim.recording.run import Run, open_run
from icsim.recording.store import ResultError, RunWriter, folder_name, sweep

pytestmark = pytest.mark.integration
MakeRecorder = Callable[..., Recorder]
WriteRun = Callable[..., Run]

# Writes one replicate, says so, and then waits for the end that the test prepares.
WRITER = """
import sys, time
from datetime import date
from icsim.recording.recorder import OrganisationRow, Recorder
from icsim.recording.store import RunWriter
recorder = Recorder(date(2015, 4, 1), 30, [OrganisationRow("Royal", "acute_trust")])
with RunWriter(sys.argv[1], overwrite=len(sys.argv) > 2) as writer:
    writer.add(recorder)
    print("written", flush=True)
    time.sleep(60)
    writer.complete({})
"""


def start_writer(*arguments: str | Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "written\n"
    return process


def test_pandas_reads_every_table_in_one_line(
    tmp_path: Path, make_recorder: MakeRecorder, write_run: WriteRun, people: pd.DataFrame
):
    recorder = make_recorder()
    recorder.people = people
    recorder.pay(recorder.start, "Salford CCG", "Salford Royal", "emergency", 100.0)
    write_run(tmp_path / "run", recorder)
    daily: Any = pd.read_parquet(tmp_path / "run/daily.parquet")
    assert daily["ae_attendances"].sum() == 366 * 12
    assert pd.api.types.is_datetime64_any_dtype(daily["date"])
    for table in ("monthly", "by_age_and_imd", "money", "relationships"):
        assert "replicate" in pd.read_parquet(tmp_path / f"run/{table}.parquet")
    back = pd.read_parquet(tmp_path / "run/people.parquet").drop(columns="replicate")
    pd.testing.assert_frame_equal(back, people)


def test_a_month_of_ties_is_a_graph(tmp_path: Path, make_recorder: MakeRecorder, write_run: WriteRun):
    recorder = make_recorder(days=61)
    for month, trust in ((date(2015, 4, 1), 0.3), (date(2015, 5, 1), 0.4)):
        recorder.relate(month, ["Practice A"], ["Salford Royal"], [trust], [0.5], [0.1], [0.2])
    write_run(tmp_path / "run", recorder)
    run = open_run(tmp_path / "run")
    tie = {"trust": 0.3, "contact": 0.5, "kept": 0.1, "broken": 0.2}
    assert run.network("2015-04").edges["Practice A", "Salford Royal"] == tie
    last = run.network()
    assert last.edges["Practice A", "Salford Royal"]["trust"] == 0.4
    assert dict(last.nodes(data="kind")) == {"Practice A": "gp_practice", "Salford Royal": "acute_trust"}
    with pytest.raises(ResultError, match="2019-04"):
        run.network("2019-04")
    with pytest.raises(ResultError, match="expected one such as 2016-03"):
        run.network("spring")


def test_replicates_share_a_folder(
    tmp_path: Path, make_recorder: MakeRecorder, write_run: WriteRun, people: pd.DataFrame
):
    recorders = [make_recorder(days=40, seed=seed) for seed in range(3)]
    for recorder in recorders:
        recorder.people = people
    run = write_run(tmp_path / "run", *recorders)
    assert run.replicates == 3
    for table in (run.daily, run.monthly, run.by_age_and_imd, run.people):
        assert table["replicate"].unique().tolist() == [0, 1, 2]
    assert isinstance(run.people["sex"].dtype, pd.CategoricalDtype)


def test_names_are_readable_and_never_taken_twice(
    tmp_path: Path, make_recorder: MakeRecorder, write_run: WriteRun
):
    assert folder_name("North East Hampshire & Farnham", 7) == "north-east-hampshire-farnham-seed7"
    made = [write_run(None, make_recorder(days=2), root=tmp_path / "runs").path.name for _ in range(3)]
    assert made == ["salford-seed1", "salford-seed1-2", "salford-seed1-3"]


def test_equal_recorders_make_equal_bytes(tmp_path: Path, make_recorder: MakeRecorder, write_run: WriteRun):
    for name in ("a", "b"):
        write_run(tmp_path / name, make_recorder(days=40, seed=1))
    for table in (tmp_path / "a").glob("*.parquet"):
        assert table.read_bytes() == (tmp_path / "b" / table.name).read_bytes()


def test_a_failed_run_leaves_nothing_not_even_the_folder_above(tmp_path: Path, make_recorder: MakeRecorder):
    def fail() -> None:
        with RunWriter(root=tmp_path / "new/runs") as writer:
            writer.add(make_recorder(days=2))
            assert any((tmp_path / "new/runs").iterdir())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_touched(tmp_path: Path, make_recorder: MakeRecorder, write_run: WriteRun):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("years of work")
    for overwrite in (False, True):
        with pytest.raises(ResultError, match="not a run of icsim"):
            RunWriter(tmp_path / "mine", overwrite=overwrite)
    write_run(tmp_path / "run", make_recorder(days=2))
    with pytest.raises(ResultError, match="already holds a run"):
        RunWriter(tmp_path / "run")
    (tmp_path / "empty").mkdir()
    assert write_run(tmp_path / "empty", make_recorder(days=2)).path == tmp_path / "empty"


def test_overwriting_replaces_the_whole_run(tmp_path: Path, make_recorder: MakeRecorder, write_run: WriteRun):
    write_run(tmp_path / "run", make_recorder(days=2))
    write_run(tmp_path / "run", make_recorder(days=5), overwrite=True, tables=["monthly"])
    assert {file.name for file in (tmp_path / "run").iterdir()} == {"manifest.json", "monthly.parquet"}
    assert [folder.name for folder in tmp_path.iterdir()] == ["run"]


def test_an_earlier_run_comes_back_when_its_replacement_never_arrived(
    tmp_path: Path, make_recorder: MakeRecorder, write_run: WriteRun
):
    write_run(tmp_path / "run", make_recorder(days=2))
    (tmp_path / "run").rename(tmp_path / ".icsim-0.replaced.run")
    sweep(tmp_path)
    assert len(open_run(tmp_path / "run").monthly)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_writer_killed_outright_leaves_no_result_and_its_remains_are_swept(
    tmp_path: Path, make_recorder: MakeRecorder, write_run: WriteRun
):
    process = start_writer(tmp_path / "run")
    living = list(tmp_path.glob(".icsim-*.partial"))
    assert len(living) == 1
    sweep(tmp_path)
    assert living[0].exists(), "the folder of a living writer was swept"
    process.kill()
    process.wait()
    assert not (tmp_path / "run").exists()
    with pytest.raises(ResultError):
        open_run(living[0])
    write_run(tmp_path / "other", make_recorder(days=2))
    assert [folder.name for folder in tmp_path.iterdir()] == ["other"]


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_writer_asked_to_stop_leaves_nothing_and_the_earlier_run_whole(
    number: signal.Signals, tmp_path: Path, make_recorder: MakeRecorder, write_run: WriteRun
):
    write_run(tmp_path / "run", make_recorder(days=2))
    process = start_writer(tmp_path / "run", "overwrite")
    process.send_signal(number)
    assert process.wait(20) != 0
    assert [folder.name for folder in tmp_path.iterdir()] == ["run"]
    assert open_run(tmp_path / "run").manifest["days"] == 2


@pytest.mark.parametrize("in_its_place", [None, SystemError], ids=["nothing", "another error"])
def test_a_stop_that_other_code_swallows_is_heeded_and_what_is_done_is_kept(
    in_its_place: type[Exception] | None, tmp_path: Path, make_recorder: MakeRecorder
):
    recorder = make_recorder(days=2)

    def written() -> None:
        with RunWriter(tmp_path / "run", identity={"of": "this"}) as writer:
            writer.add(recorder)
            writer.worth_keeping = True
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt:
                if in_its_place is not None:
                    raise in_its_place from None
            writer.add(recorder, 1)

    with pytest.raises(KeyboardInterrupt):
        written()
    assert RunWriter(tmp_path / "run", identity={"of": "this"}, resume=True).done == [0]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_opening_what_is_no_run_says_what_is_wrong(
    tmp_path: Path, make_recorder: MakeRecorder, write_run: WriteRun
):
    path = write_run(tmp_path / "salford", make_recorder(days=2)).path
    with pytest.raises(ResultError, match=r"does not exist.*salford"):
        open_run(tmp_path / "salfrod")
    with pytest.raises(ResultError, match="is a file"):
        open_run(path / "manifest.json")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ResultError, match=r"no manifest\.json"):
        open_run(tmp_path / "empty")
    (path / "money.parquet").unlink()
    with pytest.raises(ResultError, match=r"incomplete: money\.parquet"):
        open_run(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read"),
        ("[]", "something else's"),
        ('{"format": "other"}', "something else's"),
        ('{"format": "icsim-run", "format_version": 99, "tables": {}}', "format 99"),
    ],
)
def test_a_strange_manifest_is_refused(text: str, message: str, tmp_path: Path):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ResultError, match=message):
        open_run(tmp_path)


def test_damaged_tables_are_noticed_on_opening(
    tmp_path: Path, make_recorder: MakeRecorder, write_run: WriteRun
):
    path = write_run(tmp_path / "run", make_recorder(days=2)).path
    whole = (path / "daily.parquet").read_bytes()
    (path / "daily.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ResultError, match="damaged"):
        open_run(path)
    (path / "daily.parquet").write_bytes(whole)
    manifest = json.loads((path / "manifest.json").read_text())
    manifest["tables"]["daily"] += 1
    (path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ResultError, match="rows where the manifest says"):
        open_run(path)


def test_a_manifest_that_was_changed_is_refused(
    tmp_path: Path, make_recorder: MakeRecorder, write_run: WriteRun
):
    path = write_run(tmp_path / "run", make_recorder(days=2)).path
    manifest = json.loads((path / "manifest.json").read_text())
    open_run(path)
    for key in ("replicates", "timings_seconds", "versions"):
        (path / "manifest.json").write_text(json.dumps({**manifest, key: {"x": 1}}))
        with pytest.raises(ResultError, match="was changed after it was written"):
            open_run(path)


@pytest.mark.parametrize("change", ["dropped", "of another type"])
def test_a_table_with_other_columns_is_refused(
    tmp_path: Path, make_recorder: MakeRecorder, write_run: WriteRun, change: str
):
    path = write_run(tmp_path / "run", make_recorder(days=2)).path
    table = parquet.read_table(path / "daily.parquet")
    at, name = table.num_columns - 1, table.column_names[-1]
    table = table.drop_columns([name])
    if change == "of another type":
        table = table.add_column(at, name, [["x"] * len(table)])
    parquet.write_table(table, path / "daily.parquet")
    with pytest.raises(ResultError, match=r"daily\.parquet is damaged: it has other columns"):
        open_run(path)


def test_tables_that_cannot_be_written_are_refused_at_once(tmp_path: Path):
    with pytest.raises(ResultError, match="cannot record 'dayly'"):
        RunWriter(tmp_path / "run", tables=["dayly"])
    (tmp_path / "file").write_text("")
    for below in ("file/run", "file/a/b/run"):
        with pytest.raises(ResultError, match=r"cannot write results in .*file is not a folder"):
            RunWriter(tmp_path / below)
    with pytest.raises(ResultError, match=r"cannot write results in .*too long"):
        RunWriter(tmp_path / ("x" * 300))
    with RunWriter(tmp_path / "run") as writer, pytest.raises(ResultError, match="nothing was recorded"):
        writer.complete({})


def test_three_years_of_seventy_organisations_take_under_half_a_second(tmp_path: Path):
    from datetime import date

    from icsim.recording.recorder import OrganisationRow

    rows = [OrganisationRow(f"Practice {number}", "gp_practice") for number in range(60)]
    rows += [OrganisationRow(f"Trust {number}", "acute_trust") for number in range(9)]
    recorder = Recorder(date(2015, 4, 1), 1096, rows)
    with RunWriter(tmp_path / "warm", tables=["daily"]) as writer:
        writer.add(Recorder(date(2015, 4, 1), 2, rows))
        writer.complete({})
    began = time.process_time()
    with RunWriter(tmp_path / "run", tables=["daily"]) as writer:
        writer.add(recorder)
        writer.complete({})
    assert time.process_time() - began < 0.5
