"""Contract forms in a run: barriers, return of practices, break points, who pays for them."""

import pytest

pytestmark = pytest.mark.integration
BARRIERS = ("negotiation", "readiness", "cost", "vat", "pensions", "procurement", "information_governance")
FREE = dict.fromkeys(BARRIERS, 0.0)
FULL = {"form": "full", "payment": "capitation"}


@pytest.fixture
def lived(make_model):
    def live(years=1.2, **keys):
        model = make_model(years=years, **keys)
        while model.running:
            model.step()
        return model

    return live


def paid(model, account):
    rows = model.recorder.money.columns
    return sum(a for a, name in zip(rows["amount_gbp"], rows["account"], strict=True) if name == account)


def events(model):
    return model.recorder.events.columns["event"]


def test_procurement_alone_keeps_a_contract_from_being_signed(lived):
    step = {"steps": [{"date": "2015-05-01", **FULL}]}
    free = lived(0.8, contract=step | {"frictions": FREE})
    assert free.strategy.form == "full"
    assert paid(free, "contract_negotiation") == 0
    held = lived(0.8, contract=step | {"frictions": FREE | {"procurement": 1.0}})
    assert held.strategy.form == "traditional"
    assert paid(held, "contract_negotiation") > 0


def test_practices_that_do_not_trust_the_holder_return_where_they_may(lived):
    low = {"relationships": {"initial_trust": 0.1, "fixed": True}}
    returned = lived(contract=FULL | {"gp_contracts": "suspended"}, **low)
    assert "practice returns" in events(returned)
    assert not returned.strategy.negotiation.joined.any()
    assert not returned.strategy.negotiation.autonomy_loss.any()
    assert "practice returns" not in events(lived(contract=FULL, **low))
    high = {"relationships": {"initial_trust": 0.6, "fixed": True}}
    assert lived(contract=FULL | {"gp_contracts": "suspended"}, **high).strategy.negotiation.joined.all()


def test_a_break_point_ends_a_contract_without_trust_and_not_one_with_it(lived):
    contract = FULL | {"break_after_years": 1.0}
    ended = lived(contract=contract, relationships={"initial_trust": 0.2, "fixed": True})
    assert "full contract ended at its break point" in events(ended)
    assert ended.strategy.form == "traditional"
    assert ended.accounts.contract.payment == "activity"
    goes_on = lived(contract=contract, relationships={"initial_trust": 0.8, "fixed": True})
    assert "full contract goes on at its break point" in events(goes_on)
    assert goes_on.strategy.form == "full"


def test_a_company_pays_vat_and_spends_gains_and_books_balance(lived):
    company = {"organisational_form": "community_interest_company", "gp_relation": "mutual"}
    with_vat = lived(contract=FULL | company)
    assert paid(with_vat, "vat") > 0
    assert with_vat.accounts.ledger.balances_pence.sum() == 0
    assert paid(lived(contract=FULL | company | {"frictions": {"vat": 0.0}}), "vat") == 0
    assert paid(lived(contract=FULL), "vat") == 0
