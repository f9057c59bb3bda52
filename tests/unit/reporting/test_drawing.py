"""Scales, figures and drawings."""

from itertools import pairwise
from xml.etree import ElementTree

import pytest

from icsim.reporting.charts import Bar, Change, Flow, Node, bars, changes, flow
from icsim.reporting.drawing import LETTER, Drawing, Scale, number, spread_out

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (12345.6, "12,346"),
        (123.4, "123"),
        (99.96, "100"),
        (12.34, "12.3"),
        (9.996, "10.0"),
        (1.234, "1.23"),
        (-0.5, "−0.50"),
        (7.0, "7"),
        (-0.001, "0.00"),
        (float("nan"), "–"),
    ],
)
def test_a_figure_has_about_three_digits(value, text):
    assert number(value) == text


def test_ticks_are_round_and_inside():
    assert Scale(0, 100, 0, 1).ticks(5) == [0, 20, 40, 60, 80, 100]
    assert Scale(3.1, 9.7, 0, 1).ticks(4) == [4, 6, 8]
    assert Scale(226.9, 227.3, 0, 1).labelled(4) == [
        (226.9, "226.9"),
        (227.0, "227.0"),
        (227.1, "227.1"),
        (227.2, "227.2"),
        (227.3, "227.3"),
    ]
    assert [words for _, words in Scale(0, 10, 0, 1).labelled(4)] == ["0.0", "2.5", "5.0", "7.5", "10.0"]
    assert Scale(5, 5, 0, 1).ticks() == [5]


def test_labels_are_moved_apart_and_stay_within_bounds():
    assert spread_out([10, 11, 50], 10, 0, 100) == [10, 20, 50]
    assert spread_out([99, 98], 10, 0, 100) == [100, 90]
    assert spread_out([], 10, 0, 100) == []


def test_words_are_escaped_and_a_drawing_tells_its_name():
    drawing = Drawing("k", 10, 10, "A&E <now>", "one & two")
    drawing.text(1, 2, "5 < 6 & 7")
    root = ElementTree.fromstring(drawing.svg())
    assert [child.text for child in root] == ["A&E <now>", "one & two", "5 < 6 & 7"]
    assert root.attrib["aria-labelledby"].split() == [child.attrib["id"] for child in list(root)[:2]]


def test_bars_are_as_long_as_their_figures():
    drawn = ElementTree.fromstring(bars("b", "t", "d", [Bar("one", 10.0), Bar("two", 5.0), Bar("none", 0.0)]))
    widths = [float(each.attrib["width"]) for each in drawn.iter("rect")]
    assert len(widths) == 2  # nothing is drawn for nothing
    assert widths[0] == pytest.approx(2 * widths[1], abs=0.2)


def test_ticks_stay_apart_however_long_a_name_is():
    rows = [
        Change("Years lived, by the quality of their age", share, -0.2, 0.2, "shown") for share in (0.107, 0)
    ]
    root = ElementTree.fromstring(changes("k", "Title", "words", rows))
    ticks = [
        (float(one.attrib["x"]), one.text or "") for one in root.iter("text") if one.get("class") == "tick"
    ]
    assert len(ticks) > 2
    for (x, words), (after, _) in pairwise(ticks):
        assert after - x > LETTER * len(words), ticks


def test_bands_of_a_flow_are_as_thick_as_what_flows():
    found = Flow(
        (Node("in", 0), Node("left", 1), Node("right", 1)), {("in", "left"): 30.0, ("in", "right"): 10.0}
    )
    assert (found.size("in"), found.size("left")) == (40.0, 30.0)
    drawn = ElementTree.fromstring(flow("f", "t", "d", found))
    heights = [float(each.attrib["height"]) for each in drawn.iter("rect")]
    assert heights[0] == pytest.approx(heights[1] + heights[2], abs=0.2)
    assert heights[1] == pytest.approx(3 * heights[2], abs=0.3)
    texts = [each.text for each in drawn.iter("text")]
    assert texts == ["in", "40", "left", "30", "right", "10"]
