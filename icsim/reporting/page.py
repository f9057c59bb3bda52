"""The parts of a report and how they become one HTML file. Nothing here knows what the report is about."""

import os
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from icsim.recording.leftovers import partial_of, sweep_leftovers
from icsim.recording.store import ResultError


@dataclass(frozen=True)
class Table:
    """Numbers behind a figure, or a table of its own.

    Attributes:
        caption: what the table shows.
        heads: one for each column.
        rows: cells as text; the first of a row names it. A row of one cell is a heading within the table.
        texts: which columns, counted from 0, are words and stand to the left; the first always does.
        note: one line on source or definition.
    """

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    texts: tuple[int, ...] = (0,)
    note: str = ""


@dataclass(frozen=True)
class Badge:
    """A word and a shape beside a chart's title: what the latest point is. ``kind`` is a sign of ``spc``."""

    kind: str
    letter: str
    words: str


@dataclass(frozen=True)
class Figure:
    """A chart with all that makes it readable without seeing it.

    Attributes:
        key: unique in the page, for links.
        title: what is seen.
        svg: the drawing, as ``charts`` makes it.
        note: one line on source and definition.
        table: the numbers behind it.
        width: ``third``, ``half`` or ``whole`` of a wide page.
    """

    key: str
    title: str
    svg: str
    note: str
    table: Table | None = None
    badge: Badge | None = None
    width: str = "third"


@dataclass(frozen=True)
class Group:
    """Figures and tables under a small heading."""

    title: str
    lead: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    folded: tuple[Table, ...] = ()


@dataclass(frozen=True)
class Section:
    """A chapter of the page."""

    key: str
    title: str
    lead: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()


@dataclass(frozen=True)
class Page:
    """A whole report: of one run today; a comparison of two can be told in the same parts.

    Attributes:
        title, subtitle: what it is of.
        cautions: what every reader must know first.
        headlines: (what, sentence) in plain words.
        sections: in reading order.
        foot: one line about how it was made.
    """

    title: str
    subtitle: str
    cautions: tuple[str, ...]
    headlines: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    foot: str

    def html(self) -> str:
        """The page, whole: styles and drawings inside it, nothing to load, no scripts."""
        from jinja2 import Environment, PackageLoader, StrictUndefined

        environment = Environment(
            loader=PackageLoader("icsim.reporting", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        return environment.get_template("page.html").render(page=self) + "\n"


def write(page: Page, out: str | Path) -> Path:
    """Write the page under a temporary name, then give it its own; returns the path.

    Raises:
        ResultError: it cannot be written there.
    """
    path = Path(out).expanduser().absolute()
    text = page.html()
    if path.is_dir():
        raise ResultError(f"{path} is a folder: give the report a file, such as {path / 'report.html'}")
    partial = partial_of(path, uuid.uuid4().hex[:12])
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, path)
        sweep_leftovers(path)
    except (OSError, ValueError) as error:
        raise ResultError(f"the report cannot be written to {path}: {error}") from None
    finally:
        with suppress(OSError, ValueError):
            partial.unlink(missing_ok=True)
    return path


def listed(words: Sequence[str]) -> str:
    """``a, b and c``."""
    words = list(words)
    return ", ".join(words[:-1]) + f" and {words[-1]}" if len(words) > 1 else "".join(words)
