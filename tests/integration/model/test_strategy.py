"""Organisations that decide: what trust, time and contracts lead to, and that each effect has its cause."""

import numpy as np
import pytest

pytestmark = pytest.mark.integration
CALM = {"effort_noise": 0.0}


@pytest.fixture(scope="module")
def lived(make_model):
    """``lived(years, **keys)``: a model of this experiment lived to its end, once for each experiment."""
    made = {}

    def live(years=3.0, **keys):
        at = repr((years, sorted(keys.items(), key=lambda pair: pair[0])))
        if at not in made:
            keys.setdefault("relationships", {})
            keys["relationships"] = {"leader_turnover": 0.0, **keys["relationships"]}
            model = make_model(years=years, parameters=CALM | keys.pop("parameters", {}), **keys)
            while model.running:
                model.step()
            made[at] = model
        return made[at]

    return live


def trust(model):
    return model.strategy.mean_trust()


def effort(model):
    return model.strategy.mean_effort()


BUILT = {"building": [{"level": 1.0}]}
FULL = {"form": "full", "payment": "capitation"}
FRICTIONS = ("negotiation", "readiness", "cost", "pensions", "procurement", "information_governance")
NO_FRICTIONS = dict.fromkeys(FRICTIONS, 0.0)


def test_relationships_before_contract_beat_contract_first(lived):
    nothing, first = lived(), lived(contract=FULL)
    built = lived(relationships=BUILT)
    assert trust(first) < trust(nothing) + 0.02 < trust(built)
    assert effort(built) > effort(first)


def test_without_investment_that_difference_vanishes(lived):
    off = {"trust_investment": 0.0}
    assert trust(lived(parameters=off, relationships=BUILT)) == trust(lived(parameters=off))


def test_support_withdrawn_early_fades(lived):
    stays = lived(relationships=BUILT)
    ended = lived(relationships={"building": [{"level": 1.0, "end": "2016-03-31"}]})
    assert trust(ended) < trust(stays)


def test_a_leader_leaving_costs_trust_only_where_people_hold_it(lived):
    leaves = {"shocks": [{"kind": "leader_leaves", "date": "2016-10-01", "organisation": "acute_trust"}]}
    stays = lived(relationships=BUILT)
    people = lived(relationships=BUILT, **leaves)
    offices = lived(relationships=BUILT | {"held_by": "offices"}, **leaves)
    assert trust(people) < trust(stays)
    assert trust(offices) == trust(stays)
    assert list(people.recorder.events.columns["cause"]) == ["shock"]


def test_slack_releases_effort_and_not_where_pressure_counts_for_nothing(lived):
    work = {"joint_work": {"slack": 0.8}}
    assert effort(lived(**work)) > effort(lived(joint_work={}))
    off = {"effort_pressure": 0.0}
    assert effort(lived(parameters=off, **work)) == pytest.approx(
        effort(lived(parameters=off, joint_work={})), abs=0.01
    )


def test_without_joint_work_decisions_reach_no_patient(lived):
    """Trust and effort differ; the days do not, to the last count."""
    low, high = (
        lived(1.0, relationships={"initial_trust": 0.1}),
        lived(1.0, relationships={"initial_trust": 0.9}),
    )
    assert effort(low) != effort(high)
    for kind in ("system", "acute_trust", "gp_practice"):
        assert np.array_equal(low.recorder.block(kind), high.recorder.block(kind), equal_nan=True)


def test_joint_work_matures_and_turns_levers(lived):
    low = lived(joint_work={}, relationships={"initial_trust": 0.1})
    high = lived(joint_work={}, relationships={"initial_trust": 0.9, "building": [{"level": 1.0}]})
    assert high.strategy.maturity.mean() > low.strategy.maturity.mean() + 0.1
    needs = [
        m.recorder.block("system")[:, 0, m.recorder.column("system", "needs_acsc")].sum() for m in (low, high)
    ]
    assert needs[1] < needs[0]


def test_a_full_contract_waits_for_trust_unless_nothing_stands_in_its_way(lived):
    steps = {"steps": [{"date": "2015-10-01", **FULL}]}
    waits = lived(contract=steps)
    assert waits.strategy.form == "traditional"
    assert waits.accounts.contract.payment == "activity"
    free = lived(contract=steps | {"frictions": NO_FRICTIONS})
    assert free.strategy.form == "full"
    assert free.accounts.contract.payment == "capitation"
    assert [event for event in free.recorder.events.columns["event"] if "signed" in event]


def test_what_was_talked_over_before_is_signed_on_its_date_once_trust_is_there(lived):
    def signed(initial_trust: float, **step: str) -> list[str]:
        ties = {"initial_trust": initial_trust, "fixed": True}
        steps = [{"date": "2015-10-01", "form": "partial", **step}]
        events = lived(1.0, relationships=ties, contract={"steps": steps}).recorder.events.columns
        dated = zip(events["date"], events["event"], strict=True)
        return [day.isoformat() for day, event in dated if event == "partial contract signed"]

    assert signed(0.9, talks_since="2013-04-01") == ["2015-10-01"]
    assert signed(0.9) == []  # twelve months and its barriers have not passed
    assert signed(0.1, talks_since="2013-04-01") == []


def test_negotiation_is_paid_for_and_shared_results_balance(lived):
    shared = lived(contract={"form": "virtual", "sharing": {"pooled": 0.5}})
    rows = shared.recorder.money.columns
    moved = [
        a
        for a, account in zip(rows["amount_gbp"], rows["account"], strict=True)
        if account == "gain_and_risk_share"
    ]
    assert moved
    assert shared.accounts.ledger.balances_pence.sum() == 0
    costs = lived(contract={"steps": [{"date": "2015-10-01", **FULL}]}).recorder.money.columns["account"]
    assert "contract_negotiation" in costs


def test_what_is_settled_at_the_end_of_the_last_month_is_in_the_table_of_money(lived):
    """A run that ends with the financial year holds that year's shares; the table adds up to the books."""
    model = lived(1.0, contract={"form": "virtual", "sharing": {"pooled": 0.5}})
    rows, ledger = model.recorder.money.columns, model.accounts.ledger
    assert "gain_and_risk_share" in rows["account"]
    entered = dict.fromkeys(ledger.names, 0.0)
    for payer, payee, amount in zip(rows["payer"], rows["payee"], rows["amount_gbp"], strict=True):
        entered[payer] -= amount
        entered[payee] += amount
    assert list(entered.values()) == pytest.approx(ledger.balances.tolist(), abs=0.01)


def test_every_organisation_and_month_has_a_row_and_its_figures_are_shares(lived):
    model = lived(1.0, relationships={"initial_trust": 0.9})
    columns = model.recorder.decisions.columns
    assert len(columns["effort"]) == 12 * len(model.organisations)
    for name in ("effort", "pressure", "trust_given", "trust_received", "maturity"):
        assert 0 <= min(columns[name]) <= max(columns[name]) <= 1


def spread(model):
    """How much practices differ in effort."""
    return float(model.strategy.effort[model.strategy.parties.kinds == "gp_practice"].std())


PRACTICES = {"organisations": {"gp_practices": {"count": 12}}}


def test_practices_choose_one_by_one_and_heed_those_they_trust(lived):
    """Peers who trust one another come closer; where nobody heeds or trusts them they stay apart."""
    heed, deaf = lived(2.0, **PRACTICES), lived(2.0, parameters={"effort_peers": 0.0}, **PRACTICES)
    assert 0 < spread(heed) < 0.85 * spread(deaf)
    unknown = {
        "relationships": {"initial_trust": {"default": 0.4, "gp_practice->gp_practice": 0.0}, "fixed": True}
    }
    strangers = lived(1.0, **PRACTICES, **unknown)
    strangers_deaf = lived(1.0, parameters={"effort_peers": 0.0}, **PRACTICES, **unknown)
    assert spread(strangers) == spread(strangers_deaf)


def test_who_never_meets_learns_nothing_of_the_other(lived):
    """Without contact trust only fades, at the rate of neglect, whatever the other does."""
    apart = lived(1.0, relationships={"contact": {"default": 0.5, "gp_practice->acute_trust": 0.0}})
    kinds, network = apart.strategy.parties.kinds, apart.relationships
    practice, trust_ = int((kinds == "gp_practice").argmax()), int((kinds == "acute_trust").argmax())
    drift = apart.catalogue.value("trust_drift")
    start = apart.experiment.relationships.initial_trust
    assert network.trust[practice, trust_] == pytest.approx(start - 12 * drift)
    assert network.trust[trust_, practice] != pytest.approx(start - 12 * drift, abs=1e-3)


def test_slack_helps_most_where_pressure_is_highest(lived):
    """The quarter that was pressed most gains more effort than the quarter that was pressed least."""
    usual, eased = lived(joint_work={}), lived(joint_work={"slack": 0.8})
    rows, parties = usual.recorder.decisions.columns, usual.strategy.parties
    pressure = np.array(rows["pressure"]).reshape(-1, len(parties)).mean(axis=0)
    gain = eased.strategy.effort - usual.strategy.effort
    low, high = np.quantile(pressure[parties.taking_part], [0.25, 0.75])
    least, most = parties.taking_part & (pressure <= low), parties.taking_part & (pressure >= high)
    assert gain[most].mean() > gain[least].mean() + 0.01
