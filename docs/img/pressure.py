"""Draws docs/img/pressure-*.png and writes docs/pressure.md from runs of one hospital under pressure.

Needs icsim and Chromium (or CHROMIUM=...). From the top of the repository: ``python docs/img/pressure.py``.
Nine experiments in three replicates, a few minutes. Every number of the page comes from the runs.
"""

import os
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from string import Template

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

import icsim
from icsim.agents.local_authority import LocalAuthority
from icsim.evidence import load, published
from icsim.model import ICSModel
from icsim.recording.indicators import WINTER_MONTHS
from icsim.recording.measures import MEASURES
from icsim.running import release

HERE = Path(__file__).parent
PLACE, TRUST, CODE = "harrogate", "Harrogate and District NHS Foundation Trust", "RCD"
BEDS = (0.80, 0.85, 0.90, 0.95, 1.0, 1.05, 1.10)
CUT, CUT_FROM = 0.3, "2016-07-01"
MODEL, OTHER, DATA = "#0072B2", "#D55E00", "#555555"  # colour-blind safe; told apart in grey too
YEAR = ("2016-04-01", "2017-03-31")


def run(folder: Path, name: str, **settings: object) -> pd.DataFrame:
    """Days of the trust, one row a replicate and day; columns of ``daily`` for its organisation."""
    overrides = ["years=2", "programme=none", *(f"{key}={value}" for key, value in settings.items())]
    found = icsim.run(PLACE, overrides=overrides, out=folder / name, overwrite=True)
    days = found.daily
    own = days[days["organisation"] == TRUST].copy()
    councils = (
        days[days["kind"] == "local_authority"].groupby(["replicate", "date"])["home_care_waiting"].sum()
    )
    own = own.merge(councils.rename("waiting_for_home_care"), on=["replicate", "date"], suffixes=("_", ""))
    return own.sort_values(["replicate", "date"]).reset_index(drop=True)


def fewer_starts(replicates: int, core_beds: float) -> pd.DataFrame:
    """Days of the trust when councils start 30% fewer home-care packages and keep those they have."""
    found = []
    columns = [measure.name for measure in MEASURES["acute_trust"]]
    for replicate in range(replicates):
        settings = {"years": 2, "programme": "none", "organisations.acute_trusts.0.core_beds": core_beds}
        model = ICSModel(PLACE, replicate=replicate, **settings)
        while model.running:
            if str(model.date) == CUT_FROM:
                for council in model.of(LocalAuthority):
                    council.capacity["home_care_starts_per_week"] *= 1 - CUT
                    council.open()
            model.step()
        days = pd.DataFrame(model.recorder.block("acute_trust")[:, 0], columns=columns)
        found.append(days.assign(replicate=replicate, date=model.recorder.dates.astype("datetime64[ns]")))
        release(model)
    return pd.concat(found)


def year(days: pd.DataFrame) -> dict[str, float]:
    """Figures of the second financial year: shares in per cent, counts a year."""
    part = days[days["date"].between(*YEAR)]
    replicates = part["replicate"].nunique()
    booked = part["elective_admissions"].sum() + part["electives_cancelled"].sum()
    waiting = part[part["date"] == YEAR[1]]
    return {
        "occupancy": 100 * part["beds_occupied"].sum() / part["core"].sum(),
        "late": 100 * part["ae_breaches"].sum() / part["ae_attendances"].sum(),
        "cancelled": 100 * part["electives_cancelled"].sum() / booked,
        "boarding": part["boarding"].mean(),
        "over_18": waiting["waiting_over_18_weeks"].mean(),
        "waiting": waiting["elective_waiting"].mean(),
        "delayed": part["delayed_transfers"].sum() / replicates,
        "emergencies": part["emergency_admissions"].sum() / replicates,
        "beds": part["core"].mean(),
    }


def by_occupancy(days: pd.DataFrame) -> pd.DataFrame:
    """Days grouped by last midnight's occupancy of core beds, in steps of 2 points; at least 60 days each."""
    before = days.groupby("replicate")[["beds_occupied", "core"]].shift(1)
    part = days.assign(full=100 * before["beds_occupied"] / before["core"])
    part = part[part["date"].between(*YEAR)].dropna(subset="full")
    groups = part.groupby((part["full"] / 2).round() * 2)
    table = groups[["ae_breaches", "ae_attendances", "electives_cancelled", "elective_admissions"]].sum()
    table["days"] = groups.size()
    table = table[table["days"] >= 60]
    table["late"] = 100 * table["ae_breaches"] / table["ae_attendances"]
    booked = table["elective_admissions"] + table["electives_cancelled"]
    table["cancelled"] = 100 * table["electives_cancelled"] / booked
    return table


def observed() -> pd.DataFrame:
    """The nine places' trusts in the winters of 2016/17 and 2017/18: occupancy and A&E over four hours, %."""
    months = published.ae_monthly()
    months = months.assign(when=months["period"].astype("datetime64[ns]"))
    months = months[months["when"].dt.month.isin(WINTER_MONTHS)]
    first = months["when"].dt.year.where(months["when"].dt.month >= 4, months["when"].dt.year - 1)
    months["year"] = [f"{start}/{(start + 1) % 100:02d}" for start in first]
    sums = months.groupby(["org_code", "year"])[["attendances", "breaches"]].sum()
    late = (100 * sums["breaches"] / sums["attendances"]).rename("late").reset_index()
    trusts = published.trusts().merge(late, left_on=["code", "year"], right_on=["org_code", "year"])
    return trusts.assign(occupancy=100 * trusts["occupancy"])


def picture(figure: go.Figure, name: str, height: int) -> None:
    """Draw a figure as docs/img/pressure-NAME.png."""
    figure.update_layout(
        template="simple_white", width=1000, height=height, font={"size": 15}, margin={"t": 60, "r": 20},
        legend={"orientation": "h", "y": -0.25},
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as work:
        page = Path(work) / "page.html"
        html = figure.to_html(include_plotlyjs=True, config={"displayModeBar": False})
        page.write_text(html.replace("<body>", "<body style='margin:0'>"), encoding="utf-8")
        subprocess.run(
            [os.environ.get("CHROMIUM", "chromium"), "--headless", "--no-sandbox", "--disable-gpu",
             "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--hide-scrollbars",
             f"--user-data-dir={work}/profile", f"--window-size=1000,{height}", "--virtual-time-budget=8000",
             f"--screenshot={HERE / f'pressure-{name}.png'}", f"file://{page}"],
            check=True, timeout=120, capture_output=True,
        )  # fmt: skip


def draw_occupancy(pooled: pd.DataFrame, years: pd.DataFrame, seen: pd.DataFrame) -> None:
    """Breaches and cancellations by occupancy; the winters of real trusts beside."""
    figure = make_subplots(
        cols=2, subplot_titles=("A&E over four hours, %", "Elective admissions cancelled, %")
    )
    for column, name in ((1, "late"), (2, "cancelled")):
        figure.add_scatter(x=pooled.index, y=pooled[name], mode="lines+markers", row=1, col=column,
                           name="model, days by last midnight's occupancy", line_color=MODEL,
                           showlegend=column == 1)  # fmt: skip
        figure.add_scatter(x=years["occupancy"], y=years[name], mode="markers", row=1, col=column,
                           name="model, years with fewer or more beds", showlegend=column == 1,
                           marker={"symbol": "square", "size": 11, "color": OTHER})  # fmt: skip
    figure.add_scatter(x=seen["occupancy"], y=seen["late"], mode="markers", row=1, col=1,
                       name="the nine places' trusts, winters 2016/17 and 2017/18",
                       marker={"symbol": "circle-open", "size": 9, "color": DATA})  # fmt: skip
    figure.update_xaxes(title="beds occupied, % of core beds")
    picture(figure, "occupancy", 520)


def draw_winter(base: pd.DataFrame) -> pd.DataFrame:
    """Month by month: occupancy, breaches beside England's, cancellations."""
    part = base[base["date"].between(*YEAR)]
    groups = part.groupby(part["date"].dt.to_period("M"))
    sums = groups[["beds_occupied", "core", "ae_breaches", "ae_attendances", "electives_cancelled",
                   "elective_admissions"]].sum()  # fmt: skip
    table = pd.DataFrame(
        {
            "occupancy": 100 * sums["beds_occupied"] / sums["core"],
            "late": 100 * sums["ae_breaches"] / sums["ae_attendances"],
            "cancelled": 100 * sums["electives_cancelled"]
            / (sums["elective_admissions"] + sums["electives_cancelled"]),
        }
    )  # fmt: skip
    months = published.ae_monthly()
    england = months.groupby("period")[["attendances", "breaches"]].sum()
    table["england"] = 100 * (england["breaches"] / england["attendances"]).to_numpy()[:12]
    own = months[months["org_code"] == CODE].groupby("period")[["attendances", "breaches"]].sum()
    table["own"] = 100 * (own["breaches"] / own["attendances"]).to_numpy()[:12]
    labels = [str(month.strftime("%b")) for month in table.index]
    figure = make_subplots(
        cols=3, subplot_titles=("Beds occupied, %", "A&E over four hours, %", "Electives cancelled, %")
    )
    for column, name in ((1, "occupancy"), (2, "late"), (3, "cancelled")):
        figure.add_scatter(x=labels, y=table[name], row=1, col=column, name="model", line_color=MODEL,
                           showlegend=column == 1)  # fmt: skip
    for name, dash, said in (
        ("england", "dash", "England, published"),
        ("own", "dot", "this trust, published"),
    ):
        figure.add_scatter(x=labels, y=table[name], row=1, col=2, name=said,
                           line={"color": DATA, "dash": dash})  # fmt: skip
    picture(figure, "winter", 460)
    return table


def draw_social_care(base: pd.DataFrame, cuts: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Weeks before and after two cuts: delayed patients and beds in use, cut less twin."""
    titles = ("30% fewer packages started", "30% of all social care")
    figure = make_subplots(cols=2, subplot_titles=titles)
    columns, tables = ["delayed_transfers", "beds_occupied"], {}
    for column, (name, days) in enumerate(cuts.items(), 1):
        twins = (table.set_index(["replicate", "date"])[columns] for table in (days, base))
        difference = next(twins) - next(twins)
        since = (difference.index.get_level_values("date") - pd.Timestamp(CUT_FROM)).days // 7
        weeks = difference.groupby(since.rename("week")).mean().loc[-8:36]
        tables[name] = weeks
        for measure, colour, dash, said in (
            ("delayed_transfers", MODEL, "solid", "patients fit to leave and delayed"),
            ("beds_occupied", OTHER, "dash", "beds in use"),
        ):
            figure.add_scatter(x=weeks.index, y=weeks[measure], name=said, showlegend=column == 1, row=1,
                               col=column, line={"color": colour, "dash": dash})  # fmt: skip
    figure.update_xaxes(title="weeks since the cut")
    figure.update_yaxes(title="a day more than without", row=1, col=1)
    picture(figure, "social-care", 460)
    return tables


def draw_beds(years: pd.DataFrame) -> None:
    """What fewer and more beds do, year by year."""
    shown = (("late", "A&E over four hours, %"), ("cancelled", "Electives cancelled, %"),
             ("boarding", "Boarding in A&E, a day"), ("over_18", "Waiting over 18 weeks"))  # fmt: skip
    figure = make_subplots(cols=4, subplot_titles=[label for _, label in shown], horizontal_spacing=0.07)
    labels = [f"{factor - 1:+.0%}" if factor != 1 else "as is" for factor in years.index]
    for column, (name, _) in enumerate(shown, 1):
        colours = [OTHER if factor == 1 else MODEL for factor in years.index]
        figure.add_bar(x=labels, y=years[name], marker_color=colours, row=1, col=column, showlegend=False)
    figure.update_xaxes(title="beds", tickangle=-60)
    figure.update_annotations(font_size=14)
    picture(figure, "beds", 460)


def main(folder: Path, replicates: int = 3) -> None:
    """Run, draw, and write the page."""
    beds = float(published.trusts().set_index(["code", "year"]).loc[(CODE, "2015/16"), "beds"])
    key = "organisations.acute_trusts.0.core_beds"
    runs = {}
    for factor in BEDS:
        days = run(folder, f"beds{factor}", **{"replicates": replicates, key: beds * factor})
        runs[factor] = days.assign(core=days["beds_open"] - days["escalation_beds_used"])
        found = ", ".join(f"{name} {value:.4g}" for name, value in year(runs[factor]).items())
        print(f"{factor:.2f} of the beds: {found}", flush=True)
    shock = f"[{{kind: social_care_cut, date: {CUT_FROM}, size: {CUT}}}]"
    cuts = {
        "starts": fewer_starts(replicates, beds),
        "all": run(folder, "cut", **{"replicates": replicates, "shocks": shock, key: beds}),
    }
    years = pd.DataFrame({factor: year(days) for factor, days in runs.items()}).T
    apart = [days.assign(replicate=days["replicate"] + 100 * k) for k, days in enumerate(runs.values())]
    pooled, seen = by_occupancy(pd.concat(apart)), observed()
    draw_occupancy(pooled, years, seen)
    months = draw_winter(runs[1.0])
    weeks = draw_social_care(runs[1.0], cuts)
    draw_beds(years)
    numbers = {
        "version": icsim.__version__,
        "date": str(date.today()),
        "replicates": str(replicates),
        **in_words(years, pooled, seen),
        **seasons(months),
        **after_cuts(weeks),
    }
    text = Template((HERE / "pressure.md.in").read_text(encoding="utf-8")).substitute(numbers)
    (HERE.parent / "pressure.md").write_text(text, encoding="utf-8")


def in_words(years: pd.DataFrame, pooled: pd.DataFrame, seen: pd.DataFrame) -> dict[str, str]:
    """Numbers of the page about occupancy and beds."""
    v = load().value
    easy, full = pooled.loc[:88].mean(), pooled.loc[96:100].mean()
    steep = pooled["late"].loc[90:98]
    numbers = {
        "late_easy": f"{easy['late']:.1f}",
        "late_full": f"{full['late']:.1f}",
        "cancelled_easy": f"{easy['cancelled']:.1f}",
        "cancelled_full": f"{full['cancelled']:.1f}",
        "slope_model": f"{np.polyfit(steep.index.to_numpy(float), steep.to_numpy(float), 1)[0]:.1f}",
        "slope_seen": f"{np.polyfit(seen['occupancy'], seen['late'], 1)[0]:.1f}",
        "late_seen": f"{seen.loc[seen['occupancy'] >= 96, 'late'].mean():.0f}",
        "risk": f"{v('occupancy_risk_discernible'):g}",
        "shortage": f"{v('occupancy_regular_shortage'):g}",
        **{f"within_{full}": f"{v(f'late_points_at_{full}'):g}" for full in (90, 95, 98, 100)},
        "slope_within": f"{(v('late_points_at_98') - v('late_points_at_90')) / 8:.1f}",
        "autumn": f"{v('ae_4h_autumn_2013') - v('ae_4h_autumn_2014'):.1f}",
    }
    for label, factor in (("b80", 0.8), ("b90", 0.9), ("b95", 0.95), ("b100", 1.0), ("b105", 1.05),
                          ("b110", 1.1)):  # fmt: skip
        numbers |= {f"{label}_{name}": f"{value:,.1f}" for name, value in years.loc[factor].items()}
        over = years.loc[factor, "emergencies"] / years.loc[1.0, "emergencies"] - 1
        numbers[f"{label}_admitted"] = f"{over:+.1%}"
    numbers["delayed_usual"] = f"{years.loc[1.0, 'delayed'] / 365:.1f}"
    numbers["beds"] = f"{years.loc[1.0, 'beds']:.0f}"
    for label, factor in (("b80", 0.8), ("b90", 0.9), ("b95", 0.95), ("b100", 1.0)):
        numbers |= {f"{label}_{name}": f"{years.loc[factor, name]:,.0f}" for name in ("waiting", "over_18")}
    return numbers


def seasons(months: pd.DataFrame) -> dict[str, str]:
    """Numbers of the page about winter (December to February) and summer (June to August)."""
    numbers = {}
    for season, of in (("winter", WINTER_MONTHS), ("summer", (6, 7, 8))):
        mean = months[[month.month in of for month in months.index]].mean()
        numbers |= {f"{season}_{name}": f"{value:.1f}" for name, value in mean.items()}
    return numbers


def after_cuts(weeks: dict[str, pd.DataFrame]) -> dict[str, str]:
    """Numbers of the page about the cuts: the fourth, eighth and later weeks."""
    numbers = {}
    for cut, table in weeks.items():
        for when, (first, last) in {"4": (3, 5), "8": (7, 9), "26": (22, 30)}.items():
            for name, value in table.loc[first:last].mean().items():
                numbers[f"{cut}_{when}_{name}"] = f"{value:.1f}" if abs(value) < 10 else f"{value:.0f}"
    return numbers


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as work:
            main(Path(work))
