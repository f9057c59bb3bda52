"""YAML to a tree that knows its lines; what goes beyond plain data is refused with a reason."""

from datetime import date

import pytest

from icsim.experiment.errors import ExperimentError
from icsim.experiment.reading import MAX_BYTES, decoded, read_scalar, read_yaml
from icsim.experiment.tree import MAX_NODES, Mark

pytestmark = pytest.mark.unit
MARK = Mark("some/file.yaml", "file.yaml")


def test_values_know_their_lines():
    tree = read_yaml("place: salford\n\npopulation:\n  sample: 0.1\nshocks:\n  - kind: flu\n", MARK)
    assert tree.plain() == {"place": "salford", "population": {"sample": 0.1}, "shocks": [{"kind": "flu"}]}
    assert str(tree.find(("population", "sample"))[0].mark) == "some/file.yaml:4"
    assert tree.find(("shocks", 0, "kind"))[0].mark.origin == "file.yaml:6"


def test_words_that_older_yaml_took_for_something_else_stay_words():
    tree = read_yaml("a: no\nb: off\nc: 010\nd: 1:30\ne: NO\nf: 2015-04-01\ng: 2015-13-45\nh: '5E3'\n", MARK)
    assert tree.plain() == {
        "a": "no",
        "b": "off",
        "c": 10,
        "d": "1:30",
        "e": "NO",
        "f": date(2015, 4, 1),
        "g": "2015-13-45",
        "h": "5E3",
    }


def test_anchors_are_read_and_merge_keys_refused():
    assert read_yaml("a: &x [1, 2]\nb: *x\n", MARK).plain() == {"a": [1, 2], "b": [1, 2]}
    with pytest.raises(ExperimentError, match="use extends"):
        read_yaml("a: &x {b: 1}\nc:\n  <<: *x\n", MARK)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "given twice"),
        ("a: 1\nb: [1, 2\nc: 3\n", 3, "not valid YAML"),
        ("a: 1\nb: !!python/object/apply:os.system [ls]\n", 2, "tags are not read"),
        ("a: !!int x\n", 1, "tags are not read"),
        ("a: 1\n---\nb: 2\n", 2, "second document"),
        ("a: 1\nb: *gone\n", 2, "refers to no finished"),
        ("a: &x [*x]\n", 1, "refers to no finished"),
        ("? [a]\n: b\n", 1, "a key must be plain text"),
        ("[" * 1000, 1, "deep"),
        ("a: \x07\n", None, "not valid YAML"),
        ("", None, "empty"),
        ("# only a comment\n", None, "empty"),
    ],
)
def test_refusals_name_the_line(text, line, said):
    with pytest.raises(ExperimentError, match=said) as caught:
        read_yaml(text, MARK)
    where = "some/file.yaml" if line is None else f"some/file.yaml:{line}:"
    assert str(caught.value).startswith(where)


def test_a_bomb_of_aliases_is_not_unfolded():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(ExperimentError, match=f"more than {MAX_NODES:,} values"):
        read_yaml("\n".join(lines), MARK)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"a" * (MAX_BYTES + 1), "larger than"),
        (b"place: \x00", "NUL"),
        (b"place: \xff\xfe", "not UTF-8"),
        ("place: salford".encode("utf-16"), "NUL|UTF-8"),
    ],
)
def test_only_utf8_text_of_a_sane_size_is_read(raw, said):
    with pytest.raises(ExperimentError, match=said):
        decoded(raw, MARK)


def test_a_byte_order_mark_does_no_harm():
    assert decoded("place: salford".encode("utf-8-sig"), MARK) == "place: salford"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", 0.1),
        ("7", 7),
        ("", None),
        ("null", None),
        ("true", True),
        ("no", "no"),
        ("a # b", "a # b"),
        ("x: y", "x: y"),
    ],
)
def test_bare_words_of_the_command_line(text, value):
    assert read_scalar(text) == value
