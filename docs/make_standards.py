"""Writes the pages of docs that hold icsim against the field's own yardsticks, and the tables of the model.

From the top of the repository: ``python docs/make_standards.py``; a second. What is said by hand stands in
``docs/_templates/standards``; what can be counted or listed is taken from code, catalogue and tests, and each
file that a page names must be there. A test makes the pages anew and compares.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2

from icsim import evidence
from icsim.cli import app
from icsim.evidence.catalogue import KINDS
from icsim.experiment.service_book import told
from icsim.population import columns
from icsim.recording.tables import TABLES
from icsim.validation.pattern import patterns

HERE = Path(__file__).parent
ROOT = HERE.parent
PAGES = HERE / "_templates" / "standards"
ROUNDED = 50  # rows of the catalogue come and go; a page need not follow each
FILE = re.compile(
    r"`((?:docs|tests|icsim|agents|experiments|dashboards|\.ci)/[^`*\s]*|[A-Z]+\.(?:md|cff)|LICENSE|pyproject\.toml)`"
)
LINK = re.compile(r"\]\(([^)#:]+?)(?:#[^)]*)?\)")


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table in Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(str(cell).replace('|', '/') for cell in line)} |" for line in lines)


def about(number: float) -> str:
    """A count to the nearest fifty."""
    return f"{round(number / ROUNDED) * ROUNDED:,}"


def person() -> str:
    """Every column of a person, by name, with its type."""
    fields: Any = columns.PERSON.fields
    rows = []
    for name in columns.PERSON.names or ():
        kind = fields[name][0]
        shape = f" x {' x '.join(map(str, kind.shape))}" if kind.shape else ""
        rows.append((f"`{name}`", f"{kind.base}{shape}"))
    return table(("column", "type"), rows)


def words(kind: Any) -> str:
    """The members of an enumeration."""
    return ", ".join(one.name.lower().replace("_", " ") for one in kind)


def catalogue() -> str:
    """Of each topic of the catalogue how much is measured, reported and assumed, to a tenth."""
    known = Counter((row.topic, row.kind) for row in evidence.load())
    whole = Counter(row.topic for row in evidence.load())
    tenths = {
        topic: [f"{round(known[topic, kind] / whole[topic], 1):.0%}" for kind in KINDS] for topic in whole
    }
    return table(("topic", *KINDS), [(topic, *tenths[topic]) for topic in sorted(tenths)])


def facts() -> dict[str, Any]:
    """What the pages may name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    known = list(evidence.load())
    kinds = Counter(row.kind for row in known)
    tests = list((ROOT / "tests").rglob("test_*.py"))
    return {
        "rows": about(len(known)),
        "measured": about(kinds["measured"]),
        "reported": about(kinds["reported"]),
        "assumed": about(kinds["assumed"]),
        "python": project["requires-python"],
        "dependencies": ", ".join(f"`{one}`" for one in project["dependencies"]),
        "version": project["version"],
        "commands": ", ".join(
            f"`{one.name or one.callback.__name__}`" for one in app.registered_commands if one.callback
        ),
        "patterns": table(
            ("pattern", "source", "expected"), [(p.id, p.source, p.expected) for p in patterns().values()]
        ),
        "n_patterns": len(patterns()),
        "person": person(),
        "needs": words(columns.Need),
        "levers": words(columns.Lever),
        "conditions": words(columns.Condition),
        "tables": ", ".join(f"`{name}`" for name in TABLES),
        "services": table(("service", "level", "title", "effects in full"), [one[:4] for one in told("")]),
        "n_services": len(told("")),
        "catalogue": catalogue(),
        "test_files": about(len(tests)),
    }  # fmt: skip


def made() -> dict[Path, str]:
    """Every page as it should be.

    Raises:
        FileNotFoundError: a page names a file that is not there.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(PAGES), undefined=jinja2.StrictUndefined, keep_trailing_newline=True,
        autoescape=False,
    )  # fmt: skip
    known, pages = facts(), {}
    for template in sorted(PAGES.glob("*.md.in")):
        text = environment.get_template(template.name).render(known)
        for name in FILE.findall(text):
            if not (ROOT / name).exists():
                raise FileNotFoundError(f"{template.name} names {name}")
        for name in LINK.findall(text):
            if not (HERE / name).exists() and name.split("/")[-1] not in {
                t.name[:-3] for t in PAGES.iterdir()
            }:
                raise FileNotFoundError(f"{template.name} links to {name}")
        pages[HERE / template.name.removesuffix(".in")] = text
    return pages


if __name__ == "__main__":
    for path, text in made().items():
        path.write_text(text, encoding="utf-8")
