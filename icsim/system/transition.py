"""What a contract form asks of its partners: time, money, independence, and who bears gain and loss.

Pure rules: every barrier is a multiple (``contract.frictions``) of catalogue rows, and 0 takes it away.
Nothing here touches a patient: barriers cost months, pounds or independence, and withhold part of what
joint services can reach while agreements on records are new.
"""

from collections.abc import Callable

import numpy as np

from icsim.experiment.organisations import Kind
from icsim.experiment.schema import Contract, Form
from icsim.experiment.strategy import GPContracts, GPRelation, OrganisationalForm

Value = Callable[[str], float]
INTEGRATED = (Form.PARTIAL, Form.FULL)
COMPANIES = (OrganisationalForm.JOINT_VENTURE, OrganisationalForm.COMMUNITY_INTEREST_COMPANY)
SHARE_RISK = (GPRelation.PARTNER, GPRelation.MUTUAL)


def held_as(contract: Contract, form: Form) -> OrganisationalForm:
    """What holds a contract of this form: alliances overlay contracts, whatever integrated ones have."""
    return contract.organisational_form if form in INTEGRATED else OrganisationalForm.ALLIANCE


def months_needed(contract: Contract, form: Form, value: Value) -> float:
    """Months from the date of a step to a form until it can be signed."""
    frictions, months = contract.frictions, value(f"form_months_{form}") * contract.frictions.negotiation
    if form == Form.TRADITIONAL:
        return months
    months += frictions.procurement * value(f"barrier_procurement_months_{form}")
    months += frictions.information_governance * value("barrier_information_months")
    if held_as(contract, form) in COMPANIES:
        months += frictions.vat * value("barrier_vat_months")
    if form == Form.FULL:
        months += frictions.pensions * value("barrier_pensions_months")
    return months


def cost_per_head(contract: Contract, form: Form, value: Value) -> float:
    """Cost of negotiating and procuring a form, GBP a resident, in all."""
    cost = value(f"form_cost_{form}") * contract.frictions.cost
    return cost + (
        contract.frictions.procurement * value("barrier_procurement_cost") if form in INTEGRATED else 0.0
    )


def autonomy_loss(contract: Contract, form: Form, value: Value) -> float:
    """Independence that a practice gives up under a form, 0 and more."""
    loss = value(f"form_autonomy_{form}") * contract.frictions.autonomy
    if form != Form.FULL:
        return loss
    relation = contract.gp_relation
    loss *= value(f"gp_relation_autonomy_{relation}")
    if contract.gp_contracts == GPContracts.SUSPENDED:
        loss *= value("gp_contract_suspended_autonomy")
    return loss + contract.frictions.pensions * value(f"barrier_pensions_{relation}")


def vat_share(contract: Contract, form: Form, value: Value) -> float:
    """VAT that cannot be reclaimed, as a share of providers' income under the contract."""
    return (
        contract.frictions.vat * value("barrier_vat_share") if held_as(contract, form) in COMPANIES else 0.0
    )


def withheld(contract: Contract, form: Form, months: float, value: Value) -> float:
    """Share of what joint services can reach that is out of reach, so many months after signing."""
    if form == Form.TRADITIONAL or months >= value("barrier_information_after_months"):
        return 0.0
    return min(contract.frictions.information_governance * value("barrier_information_withheld"), 1.0)


def practices_share(contract: Contract, form: Form) -> bool:
    """Whether practices take part in gain and risk share: subcontractors and employees are paid a price."""
    return form != Form.FULL or contract.gp_relation in SHARE_RISK


def parts_of(
    contract: Contract,
    form: Form,
    kinds: np.ndarray,
    members: np.ndarray,
    size: np.ndarray,
    holder: int,
    value: Value,
) -> np.ndarray:
    """Part of the pool that each member takes, (n,), summing to 1.

    An alliance and a community interest company divide by income, a joint venture among the providers who own
    it; a lead provider takes most itself.

    Args:
        contract, form: in force.
        kinds, members, size: of all organisations: kind, whether a member, income, (n,).
        holder: which one holds the contract; -1 for nobody.
        value: of the catalogue.
    """
    held = held_as(contract, form)
    if held == OrganisationalForm.JOINT_VENTURE:
        owners = members & ~np.isin(kinds, [str(Kind.COMMISSIONER), str(Kind.LOCAL_AUTHORITY)])
        members = owners if owners.any() else members
    parts = np.where(members, size, 0.0)
    parts = parts / parts.sum() if parts.sum() > 0 else members / max(members.sum(), 1)
    if held == OrganisationalForm.LEAD_PROVIDER_TRUST and holder >= 0:
        own = value("holder_part_lead_provider_trust")
        parts = (1 - own) * parts
        parts[holder] += own
    return parts
