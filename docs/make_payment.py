"""Writes docs/payment.md: what each way of paying does to hospital and commissioner, from runs.

From the top of the repository: ``python docs/make_payment.py [KEY=VALUE ...]``; some ten minutes.
Settings such as ``population.sample=0.05`` are for trying it out. Each place is lived with and without some
crises, and the same years are then paid for under every rule by the code that pays in a run.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
import pandas as pd

import icsim
from icsim.experiment import load
from icsim.experiment.organisations import Kind
from icsim.model import ICSModel
from icsim.running import release
from icsim.system.accounts import Accounts
from icsim.system.funding import does as done
from icsim.system.incentives import Belief, trusts_change

HERE = Path(__file__).parent
PAGE = HERE / "_templates" / "payment.txt"
REPLICATES = 2
BELOW, ABOVE, FULL = 1.1, 0.75, 0.3
RULES: Mapping[str, dict[str, Any]] = {
    "activity, below the baseline (full tariff)": {"payment": "activity", "emergency_baseline": BELOW},
    "activity, above the baseline at 70%": {"payment": "activity", "emergency_baseline": ABOVE,
                                            "marginal_emergency_rate": 0.7},
    "activity, above the baseline at 30%": {"payment": "activity", "emergency_baseline": ABOVE,
                                            "marginal_emergency_rate": 0.3},
    "block": {"payment": "block"},
    "capitation": {"payment": "capitation"},
}  # fmt: skip
CONTRACTS = ("traditional", "traditional-capitation", "full-activity", "full")


@dataclass(frozen=True)
class Years:
    """What a rule makes of a run, by financial year: the trust's contract, and results, GBP, (years,)."""

    income: np.ndarray
    trust: np.ndarray
    commissioner: np.ndarray


def lived(name: str, replicate: int, settings: Sequence[str]) -> ICSModel:
    """A model of a shipped experiment, lived to its end."""
    model = ICSModel(load(name, settings), replicate=replicate)
    while model.running:
        model.step()
    return model


def paid(model: ICSModel, contract: Mapping[str, Any]) -> Accounts:
    """The books of a model's year under another contract, by the code that pays in a run."""
    resolved = model.experiment.to_dict()
    made = load({**resolved, "contract": {**resolved["contract"], **contract}})
    recorder = model.recorder
    for column in recorder.money.columns.values():
        column.clear()
    accounts = Accounts(recorder, made, model.catalogue, model.accounts.populations)
    first = made.start
    while first < made.end:
        following = min((first + timedelta(days=32)).replace(day=1), made.end)
        accounts.post_until((following - made.start).days)
        accounts.month_end(first.replace(day=1))
        first = following
    return accounts


def years(model: ICSModel) -> Years:
    """Of the first trust and of all commissioners, from the payments in the books."""
    names = {kind: {one.name for one in model.organisations if one.kind == kind} for kind in map(str, Kind)}
    trust = {next(one.name for one in model.organisations if one.kind == Kind.ACUTE_TRUST)}
    rows = pd.DataFrame(model.recorder.money.columns)
    year = pd.to_datetime(rows["month"]).dt.to_period("Y-MAR")

    def sums(chosen: pd.Series) -> pd.Series:
        return rows["amount_gbp"].where(chosen, 0.0).groupby(year).sum()

    def result(parties: set[str]) -> np.ndarray:
        return (sums(rows["payee"].isin(parties)) - sums(rows["payer"].isin(parties))).to_numpy()

    contract = sums(rows["payee"].isin(trust) & (rows["account"] == "acute_contract"))
    return Years(contract.to_numpy(), result(trust), result(names["commissioner"]))


def _last_year(model: ICSModel, measure: str) -> np.ndarray:
    """A measure of the first trust, day by day of the last financial year."""
    column = model.recorder.column("acute_trust", measure)
    return model.recorder.block("acute_trust")[-365:, 0, column].astype(np.float64)


def admissions(model: ICSModel) -> float:
    """Emergency admissions of residents to the first trust in the last year."""
    return float(_last_year(model, "emergency_admissions").sum())


def occupancy(model: ICSModel) -> float:
    """Of the first trust's open beds in the last year, %."""
    return 100 * float(_last_year(model, "beds_occupied").mean() / _last_year(model, "beds_open").mean())


def trap(lesson: str, settings: Sequence[str]) -> dict[str, Any]:
    """A lesson's place with and without crises averted, under every rule; means of the replicates."""
    found: dict[str, list[tuple[Years, Years]]] = {rule: [] for rule in RULES}
    averted, full, before, shares = [], [], [], []
    for replicate in range(REPLICATES):
        usual = lived(f"lessons/{lesson}", replicate, settings)
        fewer = lived(f"lessons/{lesson}-averted", replicate, settings)
        averted.append(admissions(usual) - admissions(fewer))
        before.append(admissions(usual))
        full.append(occupancy(usual))
        shares.append(float(usual.accounts.covered_income[0]))
        for rule, contract in RULES.items():
            pair = []
            for model in (usual, fewer):
                paid(model, contract)
                pair.append(years(model))
            found[rule].append((pair[0], pair[1]))
        release(usual)
        release(fewer)
        print(lesson, replicate, flush=True)
    return {"averted": float(np.mean(averted)), "admissions": float(np.mean(before)), "full": np.mean(full),
            "covered": float(np.mean(shares)), "rules": found}  # fmt: skip


def _m(pounds: float) -> str:
    return f"{pounds / 1e6:+.2f}"


def table(found: dict[str, Any]) -> str:
    """The rules of a place, a row each."""
    lines = [
        "| payment of the hospital | contract, £m | its result, £m | commissioner's result, £m | averting:"
        " hospital, £m | averting: commissioner, £m | hospital, £ an admission averted |",
        "| :-- | --: | --: | --: | --: | --: | --: |",
    ]
    for rule, pairs in found["rules"].items():
        mean = {name: np.mean([[getattr(one, name)[-1] for one in pair] for pair in pairs], axis=0)
                for name in ("income", "trust", "commissioner")}  # fmt: skip
        gain = mean["trust"][1] - mean["trust"][0]
        lines.append(
            f"| {rule} | {mean['income'][0] / 1e6:.1f} | {_m(mean['trust'][0])} | "
            f"{_m(mean['commissioner'][0])} | "
            f"{_m(gain)} | {_m(mean['commissioner'][1] - mean['commissioner'][0])} | "
            f"{gain / found['averted']:+,.0f} |"
        )
    return "\n".join(lines)


def by_year(found: dict[str, Any]) -> str:
    """Contract and commissioner's result in each year of a place without averting, a row for each rule."""
    n = len(next(iter(found["rules"].values()))[0][0].income)
    over = " | ".join([f"contract, £m, year {k + 1}" for k in range(n)] + [f"commissioner, year {k + 1}"
                                                                          for k in range(n)])  # fmt: skip
    lines = [f"| payment of the hospital | {over} |", "| :-- |" + " --: |" * (2 * n)]
    for rule, pairs in found["rules"].items():
        income = np.mean([usual.income for usual, _ in pairs], axis=0)
        result = np.mean([usual.commissioner for usual, _ in pairs], axis=0)
        cells = [f"{one / 1e6:.1f}" for one in income] + [_m(one) for one in result]
        lines.append(f"| {rule} | {' | '.join(cells)} |")
    return "\n".join(lines)


def effects(found: dict[str, Any], rule: str) -> tuple[float, float, float]:
    """Of a rule in the last year: what hospital and commissioner gain by averting; commissioner's result."""
    pairs = found["rules"][rule]
    return (
        float(np.mean([fewer.trust[-1] - usual.trust[-1] for usual, fewer in pairs])),
        float(np.mean([fewer.commissioner[-1] - usual.commissioner[-1] for usual, fewer in pairs])),
        float(np.mean([usual.commissioner[-1] for usual, _ in pairs])),
    )


def believed(settings: Sequence[str]) -> str:
    """What each hospital would reckon from its own year by the code of the incentive."""
    lines = ["| hospital | baseline | 30% | 50% | 70% | 100% |", "| :-- | --: | --: | --: | --: | --: |"]
    for lesson, label in (("below-baseline", "Northumbria"), ("above-baseline", "Frimley")):
        model = lived(f"lessons/{lesson}", 0, settings)
        activity, wards = model.strategy.observer._year_of_hospitals()
        residents = model.world.tallies.residents.sum(axis=1).astype(np.float64)
        belief = Belief.of(model.catalogue, residents)
        spells = belief.emergency * activity.emergency_spells[0]
        for baseline in (BELOW, ABOVE):
            cells = []
            for rate in (0.3, 0.5, 0.7, 1.0):
                rule = paid(model, {"payment": "activity", "emergency_baseline": baseline,
                                    "marginal_emergency_rate": rate}).payment  # fmt: skip
                income, cost, _ = trusts_change(
                    belief, activity, wards, rule, model.accounts.hospital_costs, residents
                )
                cells.append(f"{(income[0] - cost[0]) / spells:+,.0f}")
            lines.append(f"| {label} | {baseline:g} | {' | '.join(cells)} |")
        release(model)
    return "\n".join(lines)


def two_way(settings: Sequence[str]) -> str:
    """Form and payment, each alone and together: the last month of three years."""
    lines = [
        "| file | form | payment | hospital: incentive | hospital: effort | mean effort | mean trust |",
        "| :-- | :-- | :-- | --: | --: | --: | --: |",
    ]
    for name in CONTRACTS:
        values = []
        for replicate in range(REPLICATES):
            model = lived(f"contracts/{name}", replicate, ["population.sample=0.1", *settings])
            strategy = model.strategy
            own = [strategy.choices.incentive[0], strategy.choices.effort[0]]
            values.append([*own, strategy.mean_effort(), strategy.mean_trust()])
            release(model)
        first, *rest = np.mean(values, axis=0)
        cells = " | ".join([f"{first:+.2f}", *(f"{value:.2f}" for value in rest)])
        given = load(f"contracts/{name}").contract
        lines.append(f"| `contracts/{name}` | {given.form} | {given.payment} | {cells} |")
        print(name, flush=True)
    return "\n".join(lines)


def pool(settings: Sequence[str]) -> dict[str, str]:
    """Salford's pool over all adult health and care: its size, and who bears what."""
    model = lived("salford", 0, ["years=1", *settings])
    covers = ["acute", "community", "mental_health", "social_care"]
    asked = {"commissioner": 150e6, "local_authority": 40e6}
    scale = model.experiment.population.sample
    given = {"covers": covers}
    accounts = paid(model, {"pooled_budget": given})
    rows = model.recorder.money.columns
    spent = sum(a for who, a in zip(rows["payer"], rows["amount_gbp"], strict=True) if who == "Pooled budget")
    residents = model.residents_at_start
    paid(model, {"pooled_budget": given | {"contributions_gbp_per_year": asked}})
    columns = [rows[name] for name in ("payer", "payee", "account", "amount_gbp")]
    moved = {
        (payer, payee): amount
        for payer, payee, account, amount in zip(*columns, strict=True)
        if account in ("pool_overspend", "pool_underspend")
    }
    release(model)
    assert accounts.ledger.balances_pence.sum() == 0
    said = "; ".join(f"{a} paid {b} £{sum_ / scale / 1e6:.1f}m" for (a, b), sum_ in moved.items())
    return {
        "pool": f"{spent / scale / 1e6:.0f}",
        "pool_head": f"{spent / residents:,.0f}",
        "pool_moved": said,
    }


def main(settings: Sequence[str]) -> None:
    """Live, pay and write the page."""
    north, frimley = trap("below-baseline", settings), trap("above-baseline", settings)
    below, _, above, *_ = RULES
    values: dict[str, Any] = {}
    for label, found, rule in (("north", north, below), ("frimley", frimley, above)):
        hospital, commissioner, result = effects(found, rule)
        does = "gains" if hospital > 0 else "loses"
        state = "surplus" if result > 0 else "deficit"
        said = f"With {rule} the hospital {does} £{abs(hospital) / 1e6:.2f} million by averting them "
        said += f"and the commissioner gains £{commissioner / 1e6:.2f} million; without, the commissioner "
        said += f"has a {state} of £{abs(result) / 1e6:.1f} million."
        values |= {
            label: table(found),
            f"{label}_years": by_year(found),
            f"{label}_full": f"{found['full']:.0f}",
            f"{label}_admissions": f"{found['admissions']:,.0f}",
            f"{label}_averted": f"{found['averted']:,.0f}",
            f"{label}_covered": f"{100 * found['covered']:.0f}",
            f"{label}_said": said,
        }
    v = icsim.evidence.load().value
    money = {
        f"slack{n}": f"{100 * v('programme_slack_most') * done(n, v('programme_money_scale')):.0f}"
        for n in (10, 20)
    }
    values |= pool(settings) | money
    with_ = f", with `{' '.join(settings)}`" if settings else ""
    text = Template(PAGE.read_text(encoding="utf-8")).substitute(
        values, version=icsim.__version__, today=date.today(), replicates=REPLICATES, settings=with_,
        believed=believed(settings), two_way=two_way(settings),
        **{f"months_{form}": f"{v(f'form_months_{form}'):g}" for form in ("virtual", "partial", "full")},
        **{f"procure_{form}": f"{v(f'barrier_procurement_months_{form}'):g}" for form in ("partial", "full")},
        procure_cost=f"{v('barrier_procurement_cost'):.2f}", vat_months=f"{v('barrier_vat_months'):g}",
        vat_share=f"{100 * v('barrier_vat_share'):g}", pension_months=f"{v('barrier_pensions_months'):g}",
        info_months=f"{v('barrier_information_months'):g}",
        info_withheld=f"{100 * v('barrier_information_withheld'):g}",
        reinvested=f"{100 * v('community_interest_reinvested'):g}",
        lead=f"{100 * v('holder_part_lead_provider_trust'):g}",
    )  # fmt: skip
    (HERE / "payment.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
