"""What the demo must have brought about, computed a second time without SQL, dbt or the engine.

Plain Python over the seed file, so that an error of the pipeline cannot repeat itself here.
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

RECENT = timedelta(days=30)
NEW = timedelta(days=14)
LAPSED = timedelta(days=90)
HIGH_VALUE = Decimal(200)
"""US dollars."""
TAGS = {"repeat_customers": "Repeat customer"}
"""Audience → tag of its members."""
LISTS = {"new_customers_last_14days": "Welcome series"}
"""Audience → list its members are on; who leaves is unsubscribed."""
ORDER_COMPLETED = "Order Completed"
"""What a purchase is told as, with its amount."""

_CENT = Decimal("0.01")
_NOBODY: Mapping[str, AbstractSet[str]] = {}


@dataclass(frozen=True, slots=True)
class CustomerTruth:
    """One customer: audience keys they are in or have left, and trait values as canonical text."""

    user_id: str = field(repr=False)
    email: str = field(repr=False)
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    audiences: frozenset[str]
    left: frozenset[str]
    """Audiences they were in at an earlier sync and are not in now."""
    traits: Mapping[str, str] = field(repr=False)

    @property
    def is_contact(self) -> bool:
        """Whether the account has them: only having been a member once creates a contact."""
        return bool(self.audiences or self.left)

    def fields(self) -> Mapping[str, str]:
        """Return key → text of every custom field the contact should have; empty for one who is none."""
        if not self.is_contact:
            return {}
        members = dict.fromkeys(self.audiences, "true")
        return {"user_id": self.user_id, **self.traits, **members, **dict.fromkeys(self.left, "false")}

    def tags(self) -> frozenset[str]:
        """Return the tags the contact should have: those of the audiences they are in now."""
        return frozenset(tag for audience, tag in TAGS.items() if audience in self.audiences)

    def lists(self) -> Mapping[str, str]:
        """Return list → `active` or `unsubscribed`; nothing for a list they never were on."""
        status = {**dict.fromkeys(self.left, "unsubscribed"), **dict.fromkeys(self.audiences, "active")}
        return {name: status[audience] for audience, name in LISTS.items() if audience in status}


@dataclass(frozen=True, slots=True)
class Truth:
    """Every customer known at one moment, sorted by e-mail address, unique."""

    customers: tuple[CustomerTruth, ...] = field(repr=False)

    def contacts(self) -> Mapping[str, CustomerTruth]:
        """Return those the account should have, by e-mail address."""
        return {customer.email: customer for customer in self.customers if customer.is_contact}

    def members(self, audience: str) -> frozenset[str]:
        """Return the e-mail addresses of an audience's members."""
        return frozenset(customer.email for customer in self.customers if audience in customer.audiences)

    def ever_members(self) -> Mapping[str, AbstractSet[str]]:
        """Return e-mail address → audiences of now and before: what the next `truth` takes."""
        return {email: customer.audiences | customer.left for email, customer in self.contacts().items()}


@dataclass(frozen=True, slots=True)
class _Purchase:
    customer_id: str = field(repr=False)
    at: datetime
    amount: Decimal


def truth(
    csv_path: Path,
    shift_days: int,
    as_of: datetime,
    high_value_at: datetime,
    ever_members: Mapping[str, AbstractSet[str]] = _NOBODY,
) -> Truth:
    """Say what a sync of the window that ends at `as_of` must bring about.

    `high_value_at` is the moment dbt ran: it alone decides who is of high value, and later purchases are
    not in the warehouse. `ever_members` comes from the sync before. Both moments have a time zone;
    ValueError if not.
    """
    if as_of.tzinfo is None or high_value_at.tzinfo is None:
        raise ValueError("as_of and high_value_at need a time zone")
    by_customer: dict[str, list[_Purchase]] = defaultdict(list)
    for purchase in _purchases(csv_path, shift_days):
        if purchase.at <= high_value_at:
            by_customer[purchase.customer_id].append(purchase)
    customers = []
    for customer_id, bought in sorted(by_customer.items()):
        seen = [purchase for purchase in bought if purchase.at <= as_of]
        if not seen:
            continue
        email = f"customer-{customer_id}@example.com"
        audiences = _audiences(seen, as_of)
        if sum(purchase.amount for purchase in bought) >= HIGH_VALUE:
            audiences |= {"high_value"}
        left = frozenset(ever_members.get(email, ())) - audiences
        user_id, traits = f"cdnow-{customer_id}", _traits(seen, as_of)
        customers.append(CustomerTruth(user_id, email, "Customer", customer_id, audiences, left, traits))
    return Truth(tuple(customers))


def events(csv_path: Path, shift_days: int, since: datetime, until: datetime) -> Counter[tuple[str, str, str]]:
    """Say which events the account must have been told: e-mail address, name and value of each purchase in between."""
    return Counter(
        (f"customer-{purchase.customer_id}@example.com", ORDER_COMPLETED, _number(purchase.amount))
        for purchase in _purchases(csv_path, shift_days)
        if since < purchase.at <= until
    )


def _purchases(csv_path: Path, shift_days: int) -> Iterator[_Purchase]:
    with csv_path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            day = datetime.combine(datetime.fromisoformat(row["purchased_on"]), time(), UTC)
            digest = hashlib.md5(row["purchase_id"].encode(), usedforsecurity=False).hexdigest()
            moment = day + timedelta(days=shift_days, seconds=int(digest[:8], 16) % 86_400)
            yield _Purchase(row["customer_id"], moment, Decimal(row["amount"]))


def _audiences(seen: Sequence[_Purchase], as_of: datetime) -> frozenset[str]:
    moments = [purchase.at for purchase in seen]
    verdicts = {
        "order_completed_last_30days": max(moments) > as_of - RECENT,
        "new_customers_last_14days": min(moments) > as_of - NEW,
        "repeat_customers": len(moments) > 1,
        "lapsed_90days": max(moments) <= as_of - LAPSED,
    }
    return frozenset(key for key, member in verdicts.items() if member)


def _traits(seen: Sequence[_Purchase], as_of: datetime) -> Mapping[str, str]:
    total = sum((purchase.amount for purchase in seen), Decimal(0))
    average = (total / len(seen)).quantize(_CENT, ROUND_HALF_UP)
    latest = max(purchase.at for purchase in seen)
    return {
        "lifetime_value": _number(total),
        "orders_count": str(len(seen)),
        "average_order_value": _number(average),
        "last_order_at": latest.isoformat(timespec="seconds"),
        "customer_stage": _stage(min(purchase.at for purchase in seen), latest, as_of),
    }


def _stage(first: datetime, latest: datetime, as_of: datetime) -> str:
    if as_of - first < RECENT:
        return "New"
    return "Active" if as_of - latest < LAPSED else "Lapsed"


def _number(value: Decimal) -> str:
    """Write a number without exponent and trailing zeros: `29.33`, `1200`, `0`."""
    return format(value.normalize(), "f")
