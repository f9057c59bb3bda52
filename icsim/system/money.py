"""Double-entry book-keeping by the day: every pound one party pays, another receives.

Amounts are kept in whole pence, so that balances sum to nothing exactly and not merely to rounding.
"""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from icsim.recording.recorder import Recorder

TREASURY = "Treasury"
OTHER_COMMISSIONERS = "Other commissioners"
SUPPLIERS = "Staff and suppliers"
SELF_FUNDERS = "Residents who pay themselves"
NATIONAL = "National bodies"
POOL = "Pooled budget"
OUTSIDE_PARTIES = (TREASURY, OTHER_COMMISSIONERS, SUPPLIERS, SELF_FUNDERS, NATIONAL, POOL)

PENCE = 100
MONTHS = 12
MOST_GBP = 1e12  # sums of payments stay below 2**53 pence, where a float still counts every penny

Parties = Sequence[str] | np.ndarray


class Flow:
    """Payments under one account from payers to payees, a pair each; made by ``Ledger.flow``."""

    def __init__(self, ledger: "Ledger", account: str, first: int, pairs: int) -> None:
        self.account = account
        self.pairs = pairs
        self._ledger = ledger
        self._at = slice(first, first + pairs)

    def __len__(self) -> int:
        return self.pairs

    def __repr__(self) -> str:
        return f"Flow({self.account!r}, {self.pairs} pairs)"

    def _pence(self, amounts_gbp: np.ndarray | Sequence[float] | float) -> np.ndarray:
        amounts = np.asarray(amounts_gbp, dtype=np.float64)
        if amounts.shape[-1:] != (self.pairs,):
            raise ValueError(
                f"{self.account}: expected {self.pairs} amounts, one for each pair; got {amounts.shape}"
            )
        # written so that NaN fails too
        if self.pairs and not (amounts.min() >= 0 and amounts.max() <= MOST_GBP):
            wrong = amounts[~((amounts >= 0) & (amounts <= MOST_GBP))][0]
            raise ValueError(f"{self.account}: expected amounts from 0 to {MOST_GBP:g} GBP; got {wrong}")
        return np.rint(amounts * PENCE)

    def pay(self, amounts_gbp: np.ndarray | Sequence[float]) -> None:
        """Pay today, on top of what the flow has paid today already.

        Args:
            amounts_gbp: shape (pairs,), each rounded to the penny, or (days, pairs) for several days.

        Raises:
            ValueError: a wrong number of amounts, or one that is negative, infinite or NaN.
        """
        pence = self._pence(amounts_gbp)
        self._ledger.today[self._at] += pence if pence.ndim == 1 else pence.sum(axis=0)

    def stand(self, amounts_gbp: np.ndarray | Sequence[float]) -> None:
        """Pay these amounts every day from today until changed: a standing order. As ``pay`` otherwise."""
        self._ledger.standing[self._at] = self._pence(amounts_gbp)


class Ledger:
    """Who owes whom, party by party and day by day.

    Args:
        parties: names, each once: the organisations and the outside parties.

    Attributes:
        names: the parties in order.
        today: pence paid today by pair, all flows one after another; float64 holding whole numbers.
        standing: pence that every day pays by pair.
        received, spent: of the last month closed, GBP by party; zeros before.

    Raises:
        ValueError: a name given twice.
    """

    def __init__(self, parties: Sequence[str]) -> None:
        self.names = tuple(parties)
        self._position = {name: position for position, name in enumerate(self.names)}
        if len(self._position) < len(self.names):
            twice = sorted({name for name in self.names if self.names.count(name) > 1})
            raise ValueError(f"parties need different names; more than one is called {twice[0]!r}")
        self._payers = np.zeros(0, dtype=np.int64)
        self._owners = np.zeros(0, dtype=np.int64)  # who pays where nobody stands in
        self._stands_in: tuple[int, np.ndarray, tuple[str, ...]] | None = None
        self._payees = np.zeros(0, dtype=np.int64)
        self._accounts: list[str] = []
        self.today = np.zeros(0)
        self.standing = np.zeros(0)
        self._month = np.zeros(0)
        self._balances = np.zeros(len(self.names))
        self._opening = np.zeros(len(self.names))
        self.received = np.zeros(len(self.names))
        self.spent = np.zeros(len(self.names))
        self._received_of: list[np.ndarray] = []
        self._spent_of: list[np.ndarray] = []

    STATE = (
        "today", "standing", "_month", "_balances", "_opening", "received", "spent", "_received_of",
        "_spent_of",
    )  # fmt: skip

    def position(self, name: str) -> int:
        """Index of a party; raises ``KeyError`` when there is none of this name."""
        return self._position[name]

    def flow(self, payers: Parties, payees: Parties, account: str) -> Flow:
        """Open an account between pairs of parties.

        Args:
            payers, payees: names or indices of parties, one of each for a pair.
            account: what the money is for; ``outside_...`` for money about other places' patients.

        Raises:
            ValueError: sequences of different lengths, an index out of range, or someone paying themselves.
            KeyError: a name that is no party.
        """
        froms, tos = self._indices(payers), self._indices(payees)
        if froms.shape != tos.shape:
            raise ValueError(f"{account}: {len(froms)} payers but {len(tos)} payees")
        if (froms == tos).any():
            name = self.names[int(froms[froms == tos][0])]
            raise ValueError(f"{account}: {name!r} cannot pay itself")
        flow = Flow(self, account, len(self._payers), len(froms))
        nothing = np.zeros(len(froms))
        self._owners = np.concatenate([self._owners, froms])
        self._payers = np.concatenate([self._payers, froms])
        self._payees = np.concatenate([self._payees, tos])
        self._accounts += [account] * len(froms)
        self.today = np.concatenate([self.today, nothing])
        self.standing = np.concatenate([self.standing, nothing])
        self._month = np.concatenate([self._month, nothing])
        self._find_payers()
        return flow

    def pay(self, flows: Sequence[Flow], amounts_gbp: Sequence[float]) -> None:
        """Pay today on flows of one pair each, an amount each, all or none; raises as :meth:`Flow.pay`."""
        if flows:
            pence = Flow(self, flows[0].account, 0, len(flows))._pence(amounts_gbp)
            np.add.at(self.today, [flow._at.start for flow in flows], pence)

    def stand_in(self, party: str | None, payers: np.ndarray, accounts: Sequence[str]) -> None:
        """Let one party pay, from now on, what others pay under some accounts; what is paid already stays.

        Call it when a month's books are closed: a month is recorded under its last payers.

        Args:
            party: who pays; None for everybody paying themselves again.
            payers: indices of those it pays for.
            accounts: under which it does.
        """
        self._stands_in = (
            None if party is None else (self.position(party), np.asarray(payers), tuple(accounts))
        )
        self._find_payers()

    def _find_payers(self) -> None:
        self._payers = self._owners.copy()
        if self._stands_in is not None:
            party, payers, accounts = self._stands_in
            struck = np.isin(self._owners, payers) & np.isin(np.array(self._accounts, dtype=str), accounts)
            self._payers[struck] = party

    def spent_on(self, accounts: Sequence[str]) -> np.ndarray:
        """Booked this month under some accounts, GBP, (parties,), for whoever pays when nobody stands in."""
        struck = np.isin(np.array(self._accounts, dtype=str), list(accounts))
        return np.bincount(self._owners[struck], self._month[struck], len(self.names)) / PENCE

    @property
    def month_received(self) -> np.ndarray:
        """Booked this month by payee, GBP, (parties,)."""
        return np.bincount(self._payees, self._month, len(self.names)) / PENCE

    def _indices(self, parties: Parties) -> np.ndarray:
        if isinstance(parties, str):
            raise ValueError(f"expected a sequence of parties; got the text {parties!r}")
        found = [self._position[one] if isinstance(one, str) else int(one) for one in parties]
        indices = np.array(found, dtype=np.int64)
        if len(indices) and not (indices.min() >= 0 and indices.max() < len(self.names)):
            raise ValueError(f"expected indices of parties from 0 to {len(self.names) - 1}; got {found}")
        return indices

    def close_day(self, days: int = 1) -> np.ndarray:
        """Pay the standing orders of so many days and book them.

        Returns:
            the days' net receipts in GBP, shape (parties,); they sum to zero to the penny.
        """
        self.today += self.standing * days
        return self.book()

    def book(self) -> np.ndarray:
        """Book what was paid since the last booking, without standing orders; returns as ``close_day``."""
        parties = len(self.names)
        net = np.bincount(self._payees, self.today, parties) - np.bincount(self._payers, self.today, parties)
        self._balances += net
        self._month += self.today
        self.today[:] = 0
        return net / PENCE

    def close_month(self, month: date, recorder: "Recorder") -> None:
        """Enter the month's payments into the recorder, a row for each pair that paid, and begin anew.

        Args:
            month: first day of the month.
            recorder: its ``money`` gets month, payer, payee, account, amount_gbp.
        """
        parties = len(self.names)
        self.received = np.bincount(self._payees, self._month, parties) / PENCE
        self.spent = np.bincount(self._payers, self._month, parties) / PENCE
        self._received_of = [*self._received_of, self.received][-MONTHS:]
        self._spent_of = [*self._spent_of, self.spent][-MONTHS:]
        paid = np.flatnonzero(self._month)
        recorder.money.extend(
            [month] * len(paid),
            [self.names[party] for party in self._payers[paid].tolist()],
            [self.names[party] for party in self._payees[paid].tolist()],
            [self._accounts[pair] for pair in paid.tolist()],
            (self._month[paid] / PENCE).tolist(),
        )
        self._month[:] = 0

    def overspending(self, name: str) -> float:
        """By how much a party spent more than it received in the last twelve months closed.

        As a share of what it receives in a year; months before the first count as balanced. 0 for one that
        received nothing.
        """
        at = self.position(name)
        if not (received := sum(float(month[at]) for month in self._received_of)):
            return 0.0
        spent = sum(float(month[at]) for month in self._spent_of)
        return (spent - received) / (received / len(self._received_of) * MONTHS)

    def open_year(self) -> None:
        """Begin a financial year: surpluses count from here."""
        self._opening = self._balances.copy()

    @property
    def balances_pence(self) -> np.ndarray:
        """Receipts less payments since the start, whole pence, shape (parties,), int64; sums to 0 exactly."""
        return self._balances.astype(np.int64)

    @property
    def balances(self) -> np.ndarray:
        """Receipts less payments since the start in GBP, shape (parties,)."""
        return self._balances / PENCE

    @property
    def surpluses(self) -> np.ndarray:
        """Receipts less payments since the financial year opened in GBP, shape (parties,)."""
        return (self._balances - self._opening) / PENCE

    def balance(self, name: str) -> float:
        """Receipts less payments of one party since the start, GBP; negative is a deficit."""
        return float(self._balances[self.position(name)]) / PENCE

    def surplus_this_year(self, name: str) -> float:
        """Receipts less payments of one party since the financial year opened, GBP."""
        position = self.position(name)
        return float(self._balances[position] - self._opening[position]) / PENCE
