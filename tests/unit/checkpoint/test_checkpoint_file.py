"""The file of a checkpoint: what goes in comes out, and nothing else is believed."""

import io
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from icsim import checkpoint
from icsim.checkpoint import MAGIC, Checkpoint, CheckpointError, write
from icsim.keeping import lay, names_of, put_back, state_of
from icsim.population.columns import PERSON, empty_people

pytestmark = pytest.mark.unit
HEADER = {"date": "2016-04-01", "replicate": 0, "experiment": {}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    people = empty_people(50)
    people["age"] = np.arange(50)
    write(tmp_path / "one.icsim", HEADER, {"people": people, "list": [1, 0.1, None, "ä", {"a": [True]}]})
    return tmp_path / "one.icsim"


def body_of(file: Path) -> bytes:
    return file.read_bytes()[len(MAGIC) + 65 :]


def forged(file: Path, header: dict[str, Any] | bytes, columns: list[Any]) -> Path:
    """A file with a right checksum and whatever in it."""
    import hashlib

    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    fields = [pa.field(str(k), column.type) for k, column in enumerate(columns)]
    schema = pa.schema(fields, metadata={b"icsim": text})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as stream:
        stream.write_batch(pa.record_batch(columns, schema=schema))
    body = sink.getvalue().to_pybytes()
    file.write_bytes(MAGIC + hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
    return file


def good_header() -> dict[str, Any]:
    from icsim import __version__

    return {**HEADER, "icsim": __version__, "code": checkpoint.code_digest(), "state": {}, "arrays": []}


def test_arrays_of_every_kind_come_back_as_they_were(tmp_path: Path, file: Path):
    found = Checkpoint(file)
    assert found.state["people"].dtype == PERSON
    assert found.state["people"]["age"].tolist() == list(range(50))
    assert found.state["list"] == [1, 0.1, None, "ä", {"a": [True]}]
    assert (found.date.isoformat(), found.replicate) == ("2016-04-01", 0)
    arrays = {
        "none": np.zeros((0, 3), np.uint16),
        "scalar": np.array(3.5),
        "nan": np.array([np.nan, -0.0, np.inf]),
        "days": np.array(["2015-04-01"], "datetime64[D]"),
        "flags": np.array([[True], [False]]),
        "strided": np.arange(10)[::2],
        "texts": np.array(["a", None], dtype=object),
        "big": 2**100,
    }
    write(tmp_path / "two.icsim", HEADER, arrays)
    back = Checkpoint(tmp_path / "two.icsim").state
    for name in ("none", "scalar", "nan", "days", "flags", "strided"):
        assert back[name].dtype == arrays[name].dtype  # type: ignore[union-attr]
        assert back[name].shape == arrays[name].shape  # type: ignore[union-attr]
        assert back[name].tobytes() == arrays[name].tobytes()  # type: ignore[union-attr]
    assert back["texts"].tolist() == ["a", None]
    assert back["big"] == 2**100


def test_what_is_no_plain_value_is_refused_by_name(tmp_path: Path):
    for value in (object(), {1: 2}, np.array([object()]), {"$array": 0}, b"bytes"):
        with pytest.raises(CheckpointError, match=r"cannot hold (a\.)?b"):
            write(tmp_path / "no.icsim", HEADER, {"a": {"b": value}})
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 1), st.integers(1, 255))
@example(0.03971368149527677, 1)  # the end of the line with the checksum
def test_one_wrong_byte_anywhere_is_found(tmp_path_factory: pytest.TempPathFactory, where: float, by: int):
    file = tmp_path_factory.mktemp("damage") / "one.icsim"
    write(file, HEADER, {"a": np.arange(1000)})
    content = bytearray(file.read_bytes())
    at = min(int(where * len(content)), len(content) - 1)
    content[at] ^= by
    file.write_bytes(content)
    with pytest.raises(CheckpointError):
        Checkpoint(file)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.999])
def test_a_file_cut_short_is_refused(file: Path, share: float):
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(CheckpointError, match=r"not a checkpoint|damaged or cut short|another version"):
        Checkpoint(file)


def test_other_versions_and_other_code_are_refused(file: Path):
    content = file.read_bytes()
    file.write_bytes(content.replace(b"checkpoint 1\n", b"checkpoint 2\n", 1))
    with pytest.raises(CheckpointError, match="another version of icsim"):
        Checkpoint(file)
    with pytest.raises(CheckpointError, match=r"written by icsim 0\.0\.1"):
        Checkpoint(forged(file, {**good_header(), "icsim": "0.0.1"}, []))
    with pytest.raises(CheckpointError, match="other code"):
        Checkpoint(forged(file, {**good_header(), "code": "0" * 16}, []))
    assert Checkpoint(forged(file, good_header(), [])).state == {}


class Evil:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def test_nothing_in_a_file_is_carried_out(tmp_path: Path, file: Path):
    trap = tmp_path / "sprung"
    evil = pickle.dumps(Evil(trap))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("../../outside", b"x")
        zipped.writestr("a.npy", evil)
    whole = pa.array([evil], pa.large_binary())
    for dtype in ("|O", [["a", "|O"]], [["a", "<f8", [2**40]]], "<U99999999999", "nonsense", 7, None):
        header = {**good_header(), "arrays": [{"dtype": dtype, "shape": [1]}], "state": {"a": {"$array": 0}}}
        with pytest.raises(CheckpointError, match="damaged"):
            Checkpoint(forged(file, header, [whole]))
    for shape in ([-1], [2**62, 2**62], [len(evil) + 1], ["x"], 3):
        header = {
            **good_header(),
            "arrays": [{"dtype": "|u1", "shape": shape}],
            "state": {"a": {"$array": 0}},
        }
        with pytest.raises(CheckpointError, match="damaged"):
            Checkpoint(forged(file, header, [whole]))
    for text in (
        b"{",
        b"[]",
        b"null",
        b'{"icsim": 1}',
        json.dumps({**good_header(), "state": {"$array": 5}}).encode(),
    ):
        with pytest.raises(CheckpointError):
            Checkpoint(forged(file, text, []))
    for content in (evil, archive.getvalue(), b"", MAGIC, MAGIC + b"0" * 64 + b"\n" + evil):
        file.write_bytes(content)
        with pytest.raises(CheckpointError):
            Checkpoint(file)
    with pytest.raises(CheckpointError, match="is a folder"):
        Checkpoint(tmp_path)
    with pytest.raises(CheckpointError, match="cannot be read"):
        Checkpoint(tmp_path / "nothing")
    assert not trap.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.icsim"]


def test_a_disk_that_refuses_leaves_what_was_there(file: Path, monkeypatch: pytest.MonkeyPatch):
    before = file.read_bytes()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint.os, "fsync", full)
    with pytest.raises(CheckpointError, match="No space left"):
        write(file, HEADER, {"a": 1})
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == ["one.icsim"]


class Base:
    STATE = ("one",)

    def __init__(self) -> None:
        self.one = np.arange(3)
        self.config = 5


class Below(Base):
    STATE = ("two",)

    def __init__(self) -> None:
        super().__init__()
        self.two = {"a": np.zeros(2), "b": [1, 2]}


def test_a_class_keeps_what_it_and_its_bases_name():
    assert names_of(Below) == ("one", "two")
    first, second = Below(), Below()
    first.one[0] = 9
    first.two["a"][1] = 4
    put_back(second, state_of(first))
    assert second.one.tolist() == [9, 1, 2]
    first.two["a"][1] = 5  # a copy
    assert second.two["a"].tolist() == [0, 4]
    with pytest.raises(ValueError, match="other state: two"):
        put_back(Base(), state_of(first))


def test_arrays_are_laid_in_place_as_far_as_both_go():
    onto = np.zeros((4, 2), np.int32)
    view = onto[:]
    lay(onto, np.ones((2, 3), np.int32), "x")
    assert view.sum() == 4
    lay(onto, np.full((4, 2), 7, np.int32), "x")
    assert view.sum() == 56
    for other in (np.zeros(4, np.int32), np.zeros((4, 2))):
        with pytest.raises(ValueError, match="x: laid out"):
            lay(onto, other, "x")
    people = empty_people(3)
    with pytest.raises(ValueError, match="people: laid out"):
        lay(people, np.zeros(3, [("age", np.uint8)]), "people")
