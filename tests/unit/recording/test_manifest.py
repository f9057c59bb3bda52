import json
from dataclasses import dataclass
from datetime import date

import numpy as np
import pytest

from icsim.recording.manifest import build_manifest, digest, evidence_used, plain

pytestmark = pytest.mark.unit


@dataclass
class Row:
    value: float | str
    kind: str


class Catalogue:
    def __init__(self, **rows: Row):
        self.rows = rows

    @property
    def used(self) -> set[str]:
        return set(self.rows)

    def __getitem__(self, key: str) -> Row:
        return self.rows[key]


def test_equal_experiments_have_equal_digests_and_others_do_not():
    assert digest({"a": 1, "b": {"c": date(2015, 4, 1)}}) == digest({"b": {"c": date(2015, 4, 1)}, "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})


def test_evidence_is_counted_by_class_and_hashed_by_value():
    rows = {"x": Row(1.0, "measured"), "y": Row("text", "assumed"), "z": Row(2.0, "assumed")}
    used = evidence_used(Catalogue(**rows))
    assert used["classes"] == {"assumed": 2, "measured": 1}
    assert used["keys"]["x"] == {"value": 1.0, "class": "measured"}
    changed = evidence_used(Catalogue(**{**rows, "x": Row(1.1, "measured")}))
    assert changed["sha256"] != used["sha256"]


def test_a_manifest_is_plain_json_with_versions_and_seeds():
    manifest = build_manifest(
        experiment={"start": date(2015, 4, 1)},
        seeds=[3, 4],
        diagnostics={"n": np.int64(5), "array": np.array([1.5]), "keys": {"b", "a"}},
    )
    read = json.loads(json.dumps(manifest, default=plain))
    assert read["experiment"]["start"] == "2015-04-01"
    assert read["diagnostics"] == {"n": 5, "array": [1.5], "keys": ["a", "b"]}
    assert read["seed"] == 3
    assert [entry["seed"] for entry in read["replicates"]] == [3, 4]
    assert {"python", "icsim", "numpy", "numba", "mesa"} <= set(read["versions"])
    assert "absent" not in (read["versions"]["numpy"], read["versions"]["icsim"])
