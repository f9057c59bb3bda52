"""Who paid whom: the money of one year, for the place's own residents."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from icsim.recording.indicators import OUTSIDE
from icsim.recording.measures import KIND_LABELS
from icsim.recording.recorder import financial_year
from icsim.reporting.charts import Bar, Flow, Node, bars, flow
from icsim.reporting.drawing import number
from icsim.reporting.figures import Figures, Spread
from icsim.reporting.page import Figure, Group, Table

STAFF = "Staff and suppliers"
TREASURY, RESIDENTS = "Treasury", "Residents who pay themselves"
LABELS = {**KIND_LABELS, "commissioner": "Commissioner", "local_authority": "Council, social care"}
BOUGHT = {
    "Commissioner": "Prescribing and other care",
    "Council, social care": "Council's own care",
    RESIDENTS: "Council's own care",
}
NOT_BY_AGE = (
    "Payments are recorded by organisation and not by person: they cannot be told by age or deprivation."
)
LEAST = 0.002
"""Share of all money below which a payment is in the table and not in the drawing."""


def group(figures: Figures) -> Group:
    """Payments of the report's year."""
    if not figures.has("money"):
        return Group("Money", ("The run did not record its payments (record: money: false).",))
    money = _payments(figures)
    return Group(
        "Money",
        (NOT_BY_AGE,),
        figures=(*_flow(figures, money), *_per_head(figures)),
        folded=(_table(figures, money),),
    )


def _payments(figures: Figures) -> Any:
    """Million pounds a replicate by kind of payer, kind of payee and account, other places' "
    "patients left out."""
    money: Any = figures.run.money
    money = money[~money["account"].str.startswith(OUTSIDE)]
    years = money["month"].dt.date.map(financial_year)
    money = money[years == figures.year]
    kinds = dict(zip(figures.run.organisations["name"], figures.run.organisations["kind"], strict=True))

    def kind(name: str) -> str:
        return LABELS.get(kinds.get(name, ""), name)

    named = money.assign(payer=money["payer"].map(kind), payee=money["payee"].map(kind))
    sums = (
        named.groupby(["payer", "payee", "account"], sort=False)["amount_gbp"].sum()
        / 1e6
        / figures.run.replicates
    )
    return sums.reset_index(name="million")


def _flow(figures: Figures, money: Any) -> Iterator[Figure]:
    """From those who find the money to those who give the care; what providers then spend is left out."""
    funders = (TREASURY, RESIDENTS, "Commissioner", "Council, social care")
    paid = money[money["payer"].isin(funders) & (money["million"] > 0)].copy()
    bought = (paid["payee"] == STAFF) & paid["payer"].isin(list(BOUGHT))
    paid.loc[bought, "payee"] = paid.loc[bought, "payer"].map(BOUGHT)
    links = {
        (str(payer), str(payee)): float(million)
        for (payer, payee), million in paid.groupby(["payer", "payee"], sort=False)["million"].sum().items()
    }
    total = sum(value for (payer, _), value in links.items() if payer in (TREASURY, RESIDENTS))
    links = {link: value for link, value in links.items() if value >= LEAST * total}
    if not links:
        return
    providers = [to for (_, to) in links if to not in funders]
    sums = {name: sum(v for (_, to), v in links.items() if to == name) for name in dict.fromkeys(providers)}
    column = {TREASURY: 0, RESIDENTS: 0, "Commissioner": 1, "Council, social care": 1}
    names = [*column, *sorted(sums, key=lambda name: -sums[name])]
    used = {name for link in links for name in link}
    nodes = tuple(Node(name, column.get(name, 2)) for name in names if name in used)
    found = Flow(nodes, links)
    found = replace(found, show={node.name: f"£{number(found.size(node.name))}m" for node in nodes})
    title = f"Who paid whom, £ million {figures.in_year}"
    largest = max(sums, key=lambda name: sums[name])
    words = f"£{number(total)} million came in; most went to {largest}, £{number(sums[largest])} million."
    cells = tuple((a, b, number(value)) for (a, b), value in sorted(links.items(), key=lambda link: -link[1]))
    yield Figure(
        "paid",
        title,
        flow("c-paid", title, words, found, height=430.0),
        "2016/17 prices, money for other places' patients left out. Care homes and charities are "
        "paid by the council in part.",
        Table(title, ("Payer", "Payee", "£ million"), cells, (0, 1)),
        width="whole",
    )


def _per_head(figures: Figures) -> Iterator[Figure]:
    rows = []
    for line in figures.summary.lines:
        if line.indicator.name.startswith("spending_"):
            found = figures.value(line.indicator.name)
            rows.append(
                Bar(line.indicator.label, found.mean, found.low, found.high, words=f"£{number(found.mean)}")
            )
    rows = [bar for bar in rows if np.isfinite(bar.value)]
    if not rows:
        return
    rows.sort(key=lambda bar: -bar.value)
    title = f"Paid to each kind of organisation, £ per resident {figures.in_year}"
    cells = tuple((bar.label, number(bar.value), number(bar.low), number(bar.high)) for bar in rows)
    yield Figure(
        "per-head",
        title,
        bars("c-per-head", title, f"Most: {rows[0].label}, £{number(rows[0].value)} a head.", rows),
        "Councils pass money on to care homes and charities: the bars do not add up. 2016/17 prices.",
        Table(title, ("Paid to", "£ per resident", "Lowest replicate", "Highest replicate"), cells),
    )


def _table(figures: Figures, money: Any) -> Table:
    ordered = money.sort_values("million", ascending=False)
    rows = tuple(
        (str(row.payer), str(row.payee), str(row.account).replace("_", " "), f"{row.million:,.2f}")
        for row in ordered.itertuples()
    )
    heads = ("Payer", "Payee", "Account", "£ million")
    return Table(
        f"Every account by kind of payer and payee, £ million {figures.in_year}", heads, rows, (0, 1, 2)
    )


def total(figures: Figures) -> Spread:
    """Million pounds that came into the place from the Treasury and from residents in the report's year."""
    money: Any = figures.run.money
    money = money[money["payer"].isin([TREASURY, RESIDENTS]) & ~money["account"].str.startswith(OUTSIDE)]
    money = money[money["month"].dt.date.map(financial_year) == figures.year]
    return Spread.of(money.groupby("replicate")["amount_gbp"].sum().to_numpy() / 1e6)
