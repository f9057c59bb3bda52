"""A drawing in SVG, its colours left to the page's styles, and a scale from values to places.

Drawn here and not by Plotly or Matplotlib: the page is to work without scripts (Plotly's alone are 4.8 MB),
print as lines and letters rather than pixels, and say in words what each drawing shows.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

import numpy as np

LETTER = 6.8
"""Mean width of a letter at the usual size, in the drawing's own units."""


@dataclass(frozen=True)
class Scale:
    """Values from ``low`` to ``high`` at places from ``start`` to ``end``."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Where a value is."""
        span = self.high - self.low or 1.0
        return self.start + (value - self.low) / span * (self.end - self.start)

    def labelled(self, about: int = 5) -> list[tuple[float, str]]:
        """Round values inside, about so many, with as many decimals as tell them apart."""
        ticks = self.ticks(about)
        step = min(np.diff(ticks), default=1.0)
        decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step > 0 else 0
        decimals += round(step * 10**decimals, 6) % 1 > 0  # steps of 2.5
        return [(tick, f"{tick:,.{decimals}f}".replace("-", "−")) for tick in ticks]

    def ticks(self, about: int = 5) -> list[float]:
        """Round values inside, about so many."""
        span = self.high - self.low
        if not math.isfinite(span) or span <= 0:
            return [self.low]
        rough = span / max(about, 1)
        size = 10 ** math.floor(math.log10(rough))
        step = next(size * m for m in (1, 2, 2.5, 5, 10) if size * m >= rough * 0.999)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(k * step, 10) for k in range(first, last + 1)]


class Drawing:
    """An SVG picture with a name and a description for those who cannot see it."""

    def __init__(self, key: str, width: float, height: float, title: str, description: str) -> None:
        self.width, self.height = width, height
        self.root = ElementTree.Element(
            "svg",
            {
                "viewBox": f"0 0 {width:g} {height:g}",
                "role": "img",
                "aria-labelledby": f"{key}-t {key}-d",
                "class": "chart",
            },
        )
        ElementTree.SubElement(self.root, "title", {"id": f"{key}-t"}).text = title
        ElementTree.SubElement(self.root, "desc", {"id": f"{key}-d"}).text = description

    def _add(self, tag: str, style: str, **attributes: float | str) -> ElementTree.Element:
        given = {
            name.replace("_", "-"): value if isinstance(value, str) else _place(value)
            for name, value in attributes.items()
        }
        return ElementTree.SubElement(self.root, tag, {"class": style, **given})

    def rect(self, x: float, y: float, width: float, height: float, style: str) -> None:
        """A rectangle; one of negative size is not drawn."""
        if width > 0 and height > 0:
            self._add("rect", style, x=x, y=y, width=width, height=height)

    def line(self, x1: float, y1: float, x2: float, y2: float, style: str) -> None:
        """A straight line."""
        self._add("line", style, x1=x1, y1=y1, x2=x2, y2=y2)

    def path(self, points: Iterable[tuple[float, float]], style: str, *, closed: bool = False) -> None:
        """A line through points; a point that is NaN breaks it."""
        parts, pen = [], "M"
        for x, y in points:
            if math.isnan(y):
                pen = "M"
                continue
            parts.append(f"{pen}{_place(x)} {_place(y)}")
            pen = "L"
        if parts:
            self._add("path", style, d="".join(parts) + ("Z" if closed else ""))

    def ribbon(self, x1: float, y1: float, x2: float, y2: float, thick: float, style: str) -> None:
        """A band of one thickness from one side to the other; ``y`` are its upper edges."""
        middle = _place((x1 + x2) / 2)
        a, b, c, d = (_place(y) for y in (y1, y2, y2 + thick, y1 + thick))
        left, right = _place(x1), _place(x2)
        self._add(
            "path",
            style,
            d=f"M{left} {a}C{middle} {a} {middle} {b} {right} {b}V{c}C{middle} {c} {middle} {d} {left} {d}Z",
        )

    def mark(self, x: float, y: float, kind: str, size: float = 4.0) -> None:
        """A point; its shape tells its kind as well as its class does."""
        if math.isnan(y):
            return
        if kind in ("concern", "outside"):
            self._add("rect", f"mark {kind}", x=x - size, y=y - size, width=2 * size, height=2 * size)
        elif kind in ("improvement", "england", "shown"):
            reach = size * 1.35
            corners = ((x, y - reach), (x + reach, y), (x, y + reach), (x - reach, y))
            self.path(corners, f"mark {kind}", closed=True)
        elif kind == "special":
            corners = ((x, y - size * 1.4), (x + size * 1.3, y + size), (x - size * 1.3, y + size))
            self.path(corners, f"mark {kind}", closed=True)
        else:
            self._add("circle", f"mark {kind}", cx=x, cy=y, r=2.4 if kind in ("common", "settling") else size)

    def text(self, x: float, y: float, words: str, style: str = "", anchor: str = "start") -> None:
        """Words with their baseline at ``y``."""
        extra = {} if anchor == "start" else {"text_anchor": anchor}
        self._add("text", style or "t", x=x, y=y, **extra).text = words

    def svg(self) -> str:
        """The drawing as text, to be put into a page."""
        return ElementTree.tostring(self.root, encoding="unicode")


def _place(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".") if math.isfinite(value) else "0"


def number(value: float) -> str:
    """A figure with about three digits: ``12,345``, ``123``, ``12.3``, ``1.23``; a dash when unknown."""
    if not math.isfinite(value):
        return "–"
    size = abs(value)
    decimals = 0 if size >= 99.95 or value == int(value) else 1 if size >= 9.995 else 2
    text = f"{value:,.{decimals}f}"
    return text.replace("-", "−") if text.strip("-0.,") else f"{0:.{decimals}f}"


def wide(words: Iterable[str], least: float = 0.0) -> float:
    """Room for the longest of some words at the usual size."""
    return max([LETTER * len(each) for each in words] + [least])


def spread_out(places: Sequence[float], apart: float, low: float, high: float) -> list[float]:
    """Places moved as little as needed to be ``apart`` from one another and within bounds."""
    order = sorted(range(len(places)), key=lambda k: places[k])
    moved = [min(max(places[k], low), high) for k in order]
    for k in range(1, len(moved)):
        moved[k] = max(moved[k], moved[k - 1] + apart)
    over = moved[-1] - high if moved else 0.0
    if over > 0:
        moved[-1] = high
        for k in range(len(moved) - 2, -1, -1):
            moved[k] = min(moved[k], moved[k + 1] - apart)
    found = [0.0] * len(places)
    for place, k in zip(moved, order, strict=True):
        found[k] = place
    return found
