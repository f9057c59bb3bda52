"""New values in the catalogue files: nothing but their lines changes."""

import shutil
from pathlib import Path

import pytest

from icsim.evidence import UnknownParameter
from icsim.evidence.catalogue import FOLDER, read_catalogue
from icsim.evidence.rewriting import Change, note_of, rewrite

pytestmark = pytest.mark.unit


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(FOLDER, tmp_path / "catalogue")


def _bytes(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*"))}


def test_only_the_lines_of_the_rows_change(folder):
    before = _bytes(folder)
    changes = {
        "need_scale_minor": Change(1.0625, 'fitted by icsim calibrate on 2026-01-01; serves X, and "Y"'),
        "trust_clinic_headroom": Change(0.97, "fitted by icsim calibrate on 2026-01-01"),
    }
    files = rewrite(changes, folder)
    after = _bytes(folder)
    assert [path.name for path in files] == ["care.csv", "organisations.csv"]
    assert before.keys() == after.keys()
    for name in before:
        old, new = before[name].splitlines(keepends=True), after[name].splitlines(keepends=True)
        changed = [line for line, was in zip(new, old, strict=True) if line != was]
        assert len(changed) == {"care.csv": 1, "organisations.csv": 1}.get(name, 0)
    catalogue = read_catalogue(folder)
    assert catalogue.value("need_scale_minor") == 1.0625
    assert catalogue["need_scale_minor"].note.endswith('serves X, and "Y"')
    assert catalogue["trust_clinic_headroom"].kind == "assumed"


def test_a_second_fit_replaces_what_the_first_said(folder):
    for day in ("2026-01-01", "2026-02-02"):
        rewrite({"ae_minor_scale": Change(0.9, f"fitted by icsim calibrate on {day}")}, folder)
    note = read_catalogue(folder)["ae_minor_scale"].note
    assert note.count("fitted by icsim calibrate") == 1
    assert note.endswith("2026-02-02")
    assert note_of("", "fitted by icsim calibrate") == "fitted by icsim calibrate"


def test_an_unknown_key_leaves_every_file_as_it_was(folder):
    before = _bytes(folder)
    with pytest.raises(UnknownParameter, match="need_scale_minor"):
        rewrite({"need_scale_mino": Change(1.0, ""), "ae_minor_scale": Change(0.9, "")}, folder)
    assert _bytes(folder) == before


def test_a_write_that_fails_leaves_every_file_as_it_was(folder, monkeypatch):
    before = _bytes(folder)
    write = Path.write_bytes

    def full_disk(path, data):
        if "organisations" in path.name:
            write(path, data[:100])
            raise OSError("no space")
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(OSError, match="no space"):
        rewrite({key: Change(1.0, "") for key in ("ae_minor_scale", "trust_clinic_headroom")}, folder)
    assert _bytes(folder) == before
