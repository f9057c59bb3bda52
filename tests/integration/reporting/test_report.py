"""The report of a run: whole, self-contained, readable without eyes, and with the run's numbers in it."""

import itertools
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import icsim
from icsim.evidence import study
from icsim.recording.store import ResultError
from icsim.reporting.page import Page, write
from icsim.reporting.report import page_of, report

pytestmark = pytest.mark.integration
VOID = {"meta", "link", "br", "hr", "img", "input"}


class Parsed(HTMLParser):
    """What a page is made of; fails where a tag is not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.words: list[tuple[str, str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.words.append((self.open[-1], data))
        if self.open and self.open[-1] in ("td", "th"):
            self.tables[-1][-1][-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def table(self, *heads: str) -> list[list[str]]:
        """Rows of the first table with these first headings."""
        return next(rows[1:] for rows in self.tables if tuple(rows[0][: len(heads)]) == heads)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Any:
    out = tmp_path_factory.mktemp("runs") / "two"
    return icsim.run(
        "isle-of-wight", overrides=["population.sample=0.02", "years=1.25", "replicates=2"], out=out
    )


@pytest.fixture(scope="module")
def text(run) -> str:
    return report(run).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(text) -> Parsed:
    return Parsed(text)


def test_the_file_needs_nothing_from_elsewhere(text, page):
    assert not page.all("script")
    assert not page.all("link")
    assert not page.all("img")
    for tag, attributes in page.tags:
        for name in ("src", "href", "xlink:href", "srcset", "data", "poster"):
            assert (attributes.get(name) or "#").startswith("#"), (tag, attributes)
        assert not any(name.startswith("on") for name in attributes)
    assert "url(" not in text
    assert "@import" not in text
    assert len(text.encode()) < 5_000_000


def test_it_can_be_read_without_eyes(page):
    assert page.all("html")[0]["lang"] == "en-GB"
    ids = [attributes["id"] for _, attributes in page.tags if attributes.get("id")]
    assert len(ids) == len(set(ids))
    for _, attributes in page.tags:
        for known in (attributes.get("aria-labelledby") or "").split():
            assert known in ids
        if (attributes.get("href") or "").startswith("#"):
            assert (attributes["href"] or "")[1:] in ids
    first = next(attributes for tag, attributes in page.tags if tag == "a")
    assert (first["class"], first["href"]) == ("skip", "#main")
    assert page.all("main")[0]["id"] == "main"
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    drawings = page.all("svg")
    assert len(drawings) > 30
    assert all(each["role"] == "img" and each["aria-labelledby"] for each in drawings)
    descriptions = [words for tag, words in page.words if tag == "desc"]
    assert len(descriptions) == len(drawings)
    assert all(re.search(r"\d", words) for words in descriptions)
    assert len(page.all("figure")) == len(drawings)
    assert len(page.all("details")) >= len(drawings)  # the numbers behind each
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(each.get("scope") for each in page.all("th"))


def test_its_numbers_are_those_of_the_run(run, text, page):
    months = run.monthly[run.monthly["kind"] == "acute_trust"]
    daily = (
        months.groupby(["replicate", "month"])["ae_attendances"].sum()
        / months.groupby(["replicate", "month"])["days"].max()
    )
    rows = page.tables[
        next(
            k
            for k, rows in enumerate(page.tables)
            if rows[0][0] == "Month" and _near(rows[1][1], daily.iloc[0])
        )
    ][1:]
    assert [row[0] for row in rows][:3] == ["Apr 2015", "May 2015", "Jun 2015"]
    assert len(rows) == 15
    for row, month in zip(rows, sorted(months["month"].unique()), strict=True):
        both = daily.xs(month, level="month")
        assert _near(row[1], both[0])
        assert _near(row[2], both.mean())
        assert (_near(row[3], both.min()), _near(row[4], both.max())) == (True, True)

    summary = run.summary().to_frame().set_index(["indicator", "financial_year"])["mean"]
    assert f"{summary['population', '2015/16']:,.0f}" in text
    classes = run.manifest["evidence"]["classes"]
    assert f"{classes['measured']} measured" in text
    listed = page.table("Key", "Value")
    assert len([row for row in listed if len(row) > 1]) == len(run.manifest["evidence"]["keys"])

    paid = page.table("Payer", "Payee", "Account")
    money = run.money[run.money["month"] < "2016-04-01"]
    funded = money[money["account"] == "social_care_funding"]["amount_gbp"].sum() / 2 / 1e6
    row = next(row for row in paid if row[2] == "social care funding")
    assert float(row[3]) == pytest.approx(funded, abs=0.006)

    people = run.people[run.people["status"] == "resident"]
    ages = page.table("Age", "Men, %")
    shares = sum(float(cell) for row in ages for cell in row[1:])
    assert shares == pytest.approx(100, abs=0.2)
    old = people[people["age"] >= 85]
    assert _near(ages[0][1], 100 * (old["sex"] == 1).sum() / len(people))


def _near(cell: str, value: float) -> bool:
    """Whether a cell says this value, to the digits it shows."""
    return float(cell.replace(",", "").replace("−", "-")) == pytest.approx(value, rel=0.006, abs=0.006)


def test_replicates_have_a_band_and_are_said_to(text, page):
    assert sum((each.get("class") or "") == "band" for each in page.all("path")) > 10
    assert "2 replicates that differ only in luck" in text
    assert "A sample of 2% of the people" in text
    assert text.count("settling") > 10  # 15 months: enough for limits, the first three left out
    assert "natural process limits" in text


def test_one_history_has_no_band_and_says_so(tmp_path):
    run = icsim.run(
        "isle-of-wight",
        overrides=["population.sample=0.02", "years=0.3", "record.people=false", "record.money=false"],
        out=tmp_path / "one",
    )
    text = report(run, tmp_path / "one.html").read_text(encoding="utf-8")
    page = Parsed(text)
    assert not any((each.get("class") or "") == "band" for each in page.all("path"))
    assert "One history of one seed" in text
    assert "Less than a whole financial year was run" in text
    assert "did not record its people" in text
    assert "did not record its payments" in text
    assert "Fewer than 12 months: no limits are drawn" in text


def test_a_run_of_days_has_a_report_too(tmp_path):
    run = icsim.run(
        "isle-of-wight",
        overrides=["population.sample=0.02", "years=0.03", "record.by_age_and_imd=false"],
        out=tmp_path / "days",
    )
    assert "shorter than a month" in report(run).read_text(encoding="utf-8")


def test_what_the_experiment_set_is_told(tmp_path):
    given = {
        "extends": "isle-of-wight",
        "years": 0.1,
        "population": {"sample": 0.02},
        "interventions": [
            {
                "name": "visits <b>to homes</b>",
                "start": "2015-04-10",
                "who": {"residence": "care_home"},
                "levers": {"admission": 0.8},
            }
        ],
    }
    text = report(icsim.run(given, out=tmp_path / "run")).read_text(encoding="utf-8")
    assert (
        "visits &lt;b&gt;to homes&lt;/b&gt; from 2015-04-10, for residence care home: admission 0.8" in text
    )
    assert "The run has interventions; the published figures have not." in text


def copied(run: Any, folder: Path, **changes: Any) -> Path:
    """A copy of a run whose manifest says something else."""
    shutil.copytree(run.path, folder)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8")) | changes
    del manifest["digest"]  # by which a change is known
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def test_what_is_no_whole_run_of_this_version_is_refused(run, tmp_path):
    with pytest.raises(ResultError, match="does not exist"):
        report(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ResultError, match="not a run of icsim"):
        report(tmp_path / "empty")
    older = copied(run, tmp_path / "older", versions=run.manifest["versions"] | {"icsim": "0.0.1"})
    with pytest.raises(ResultError, match=r"written by icsim 0\.0\.1; this is"):
        report(older)
    tables = {name: rows for name, rows in run.manifest["tables"].items() if name != "monthly"}
    with pytest.raises(ResultError, match="no table monthly"):
        report(copied(run, tmp_path / "monthless", tables=tables))
    broken = copied(run, tmp_path / "broken")
    (broken / "people.parquet").unlink()
    with pytest.raises(ResultError, match="incomplete"):
        report(broken)


def test_a_file_is_written_whole_or_not_at_all(run, tmp_path):
    with pytest.raises(ResultError, match="is a folder"):
        report(run, tmp_path)
    with pytest.raises(ResultError, match="cannot be written"):
        report(run, tmp_path / "no" / "such" / "report.html")
    (tmp_path / "kept.html").write_text("old")

    class Broken(Page):
        def html(self) -> str:
            raise RuntimeError("no page")

    with pytest.raises(RuntimeError):
        write(Broken("", "", (), (), (), ""), tmp_path / "kept.html")
    assert (tmp_path / "kept.html").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["kept.html"]
    report(run, tmp_path / "kept.html")
    assert [path.name for path in tmp_path.iterdir()] == ["kept.html"]


def test_the_same_run_has_the_same_report(run, text):
    assert page_of(run).html() == text


def test_how_far_it_hangs_on_assumptions_is_told_from_the_study(text, page):
    rows = page.table("Over a run of three years", "middle 95% over draws")
    assert len(rows) == len({row[0] for row in rows}) >= 6
    known = study.shipped()
    own = known.spread("isle-of-wight", study.LEVEL, "ae_attendances")
    assert own is not None
    (cells,) = [row for row in rows if row[0] == "A&E attendances"]
    assert cells[1] == f"{own.low - 1:+.0%} to {own.high - 1:+.0%}"
    for one in known.nearest(study.LEVEL, "ae_attendances")[:3]:
        assert one.key in cells[3]
    assert "draws of assumed values, plausible together" in text
    assert "Not of this run" in text
