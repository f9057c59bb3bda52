"""Where results are kept: whole or absent, in the order of the design, wherever that is."""

import errno
import os
import uuid
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from icsim.recording.store import ResultError
from icsim.sweeps import store as stores
from icsim.sweeps.store import Store, failure, schema

pytestmark = pytest.mark.unit
KEYS = [f"run{number}" for number in range(6)]


def figures(*keys: str, value: float = 1.0) -> pa.Table:
    rows = [
        {"run": key, "financial_year": "all", "dimension": "place", "group": "", "outcome": name,
         "value": value + number, "seconds": 0.5, "error": None}
        for key in keys for number, name in enumerate(("deaths", "bed_days"))
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=schema())


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return Store(tmp_path / "set" if request.param == "folder" else f"memory://{uuid.uuid4().hex}")


def test_what_is_added_is_done_and_joins_in_order(store: Store) -> None:
    with store:
        store.add(4, figures("run4", "run5"))
        store.add(0, figures("run0"))
        store.add(1, pa.concat_tables([figures("run2"), failure("run1", "ValueError: no")]))
        assert store.done() == {"run4": False, "run5": False, "run0": False, "run2": False, "run1": True}
        store.add(3, figures("run3"))
        store.join(0, KEYS)
        assert [name for name in store.names("") if name != ".lock"] == ["results/part-00000.parquet"]
        table = store.read_table("results/part-00000.parquet").to_pandas()
    assert table["run"].drop_duplicates().tolist() == KEYS
    assert len(table) == 11
    assert store.done() == {**dict.fromkeys(KEYS, False), "run1": True}


def test_a_run_made_again_takes_the_place_of_the_failed_one(store: Store) -> None:
    with store:
        store.add(0, pa.concat_tables([figures("run0"), failure("run1", "OSError: full")]))
        store.join(0, KEYS)
        store.add(1, figures("run1", value=7))
        store.join(0, KEYS)
        table = store.read_table("results/part-00000.parquet").to_pandas()
    assert store.done() == {"run0": False, "run1": False}
    assert table["value"].tolist() == [1, 2, 7, 8]


def test_joining_the_same_runs_gives_the_same_file_however_they_came(tmp_path: Path) -> None:
    files = []
    for number, order in enumerate(([0, 1, 2, 3, 4, 5], [5, 3, 1, 0, 4, 2])):
        with Store(tmp_path / f"{number}") as store:
            for at in order:
                store.add(at, figures(f"run{at}"))
            store.join(0, KEYS)
        files.append((tmp_path / f"{number}" / "results" / "part-00000.parquet").read_bytes())
    assert files[0] == files[1]


def test_a_shard_cut_short_counts_as_not_done(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.add(0, figures("run0"))
        store.add(1, figures("run1"))
        shard = tmp_path / store.names("shards")[0]
        shard.write_bytes(shard.read_bytes()[:-20])
        assert store.done() == {"run1": False}
        assert not shard.exists()


def test_a_full_disk_leaves_no_half_file_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store(tmp_path) as store:
        store.add(0, figures("run0"))
        before = sorted(tmp_path.rglob("*"))

        def full(*_: Any) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(stores.os, "fsync", full)
        with pytest.raises(ResultError, match="No space left on device"):
            store.add(1, figures("run1"))
        assert sorted(tmp_path.rglob("*")) == before
        assert store.done() == {"run0": False}


def test_remains_of_a_killed_writer_are_removed_and_two_do_not_write_at_once(tmp_path: Path) -> None:
    (tmp_path / "shards").mkdir()
    (tmp_path / "shards" / "x.parquet.1234.partial").write_bytes(b"half")
    with Store(tmp_path):
        assert not list(tmp_path.rglob("*.partial"))
        with pytest.raises(ResultError, match="another process"), Store(tmp_path):
            pass
    with Store(tmp_path):
        pass


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    with pytest.raises(ResultError, match="cannot write results"), Store(tmp_path / "file" / "below"):
        pass
    with pytest.raises(ResultError, match="nowhere"):
        Store("nowhere://bucket/name")
