"""Clinical commissioning groups."""

from typing import TYPE_CHECKING, Any, cast

from icsim.agents.organisation import Organisation

if TYPE_CHECKING:
    from icsim.model import ICSModel


class Commissioner(Organisation):
    """A CCG: receives the allocation and pays for residents' care under the contract.

    Attributes:
        share: its part of the place's residents.
        capacity: ``residents`` it commissions for.
    """

    kind = "commissioner"

    def __init__(
        self, model: "ICSModel", *, name: str, index: int, code: str, residents: float, share: float
    ) -> None:
        super().__init__(model, name=name, index=index, code=code)
        self.share = share
        self.capacity = {"residents": residents}

    @property
    def pressure(self) -> float:
        """Overspending of the last twelve months, over what counts as the limit: 0 to 1."""
        limit = max(self.model.catalogue.value("pressure_deficit_to"), 1e-9)
        return min(max(self.model.accounts.ledger.overspending(self.name) / limit, 0.0), 1.0)

    @classmethod
    def found(cls, model: "ICSModel") -> list["Commissioner"]:
        """The CCGs that the experiment names, or those the place lies in, with their residents."""
        lsoas = model.population.lsoas
        ages = [column for column in lsoas if str(column).startswith("age_")]
        size = cast(Any, lsoas[ages].sum(axis=1))
        by_ccg = size.groupby([lsoas["ccg"].astype(str), lsoas["ccg_name"].astype(str)]).sum()
        given = model.experiment.organisations.commissioners.names
        if given and len(given) == 1:
            residents = float(model.residents_at_start)
            code = by_ccg.index[0][0] if len(by_ccg) == 1 else ""
            return [cls(model, name=given[0], index=0, code=code, residents=residents, share=1.0)]
        names = [name for _, name in by_ccg.index]
        if given and len(given) == len(names):
            names = sorted(given, key=lambda n: names.index(n) if n in names else len(names))
        total = float(by_ccg.sum())
        return [
            cls(
                model,
                name=name,
                index=k,
                code=by_ccg.index[k][0],
                residents=float(by_ccg.iloc[k]) * model.scale,
                share=float(by_ccg.iloc[k]) / total,
            )
            for k, name in enumerate(names)
        ]
