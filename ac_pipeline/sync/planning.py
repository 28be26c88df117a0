"""From the outbox to a plan: requests by endpoint, how long they take at the limits, and what time leaves over."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ac_pipeline.activecampaign.address import parse_address
from ac_pipeline.activecampaign.bulk import MINUTE, RATE
from ac_pipeline.activecampaign.limiter import WINDOW, Limiter
from ac_pipeline.activecampaign.pages import PAGE
from ac_pipeline.activecampaign.payloads import MOST_BYTES, MOST_ROWS, Batch
from ac_pipeline.model.declaration import Declarations, Destination
from ac_pipeline.model.estimate import Estimate, at_least, at_most, exactly, total
from ac_pipeline.settings import Settings
from ac_pipeline.store.account import require_host
from ac_pipeline.store.outbox import Planned, fill_outbox, reconcile
from ac_pipeline.store.plan_counts import (
    ImportRow,
    carried_over,
    count_calls,
    import_rows,
    known_contacts,
    lists_to_check,
    queued_imports,
    route_counts,
    value_counts,
)
from ac_pipeline.store.store import Store
from ac_pipeline.sync.plan import Plan, PlannedRequests
from ac_pipeline.sync.plan_preparation import preparation

_UNSEEN = frozenset({"none_are_created", "only_members_are_created", "no_name"})


@dataclass(frozen=True, slots=True)
class Imports:
    """Bulk imports of the outbox. `ends` are the positions of their last contacts, in order."""

    ends: tuple[int, ...]
    looks: int
    """Requests that ask whether contacts still exist, before they are sent."""
    namings: int
    """Requests that ask who the new contacts of an import are, at most."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """A plan, and what the outbox has. `assumed`: lists whose opt-outs it takes for read; not to be sent so."""

    plan: Plan
    planned: Planned
    assumed: int


def plan_pending(store: Store, settings: Settings, declarations: Declarations, *, budget: float | None) -> Ahead:
    """Plan what is due, for `budget` seconds at most. No request is made; the outbox is filled.

    Raises SettingsError or WrongAccount.
    """
    address = parse_address(settings.account()[0])
    require_host(store, address.host)
    destination = declarations.destination
    reconcile(store)
    with lists_to_check(store, destination.import_from) as lists:
        planned = fill_outbox(
            store,
            destination,
            real_account=not address.loopback,
            import_limit=settings.activecampaign_import_limit,
        )
        plan = _counted(store, settings, declarations, planned, lists=lists, budget=budget)
        return Ahead(plan, planned, lists)


def _counted(
    store: Store,
    settings: Settings,
    declarations: Declarations,
    planned: Planned,
    *,
    lists: int,
    budget: float | None,
) -> Plan:
    """Count what the filled outbox needs, while its values are still routed as when it was filled."""
    contacts, values, known = route_counts(store), value_counts(store), known_contacts(store)
    plan = Plan(contacts=contacts, values=values, withheld=planned.withheld, budget=budget, known_contacts=known)
    queued = queued_imports(store)
    if not planned.contacts and not queued and not worth_a_look(planned, declarations.destination):
        return plan
    imports = pack_imports(import_rows(store))
    ahead = preparation(store, declarations, planned, lists=lists, queued=queued)
    calls = count_calls(store)
    requests = _added_up([*ahead.requests, *_deliveries(calls, imports)])
    pace = Pace.of(settings)
    seconds = pace.seconds(requests, len(imports.ends))
    left: Mapping[str, int] = {}
    if budget is not None and seconds > budget:
        left = carried_over(store, **pace.reached(ahead.requests, imports, budget))
    return replace(plan, requests=requests, seconds=seconds, carried_over=left, not_known=ahead.not_known)


def worth_a_look(planned: Planned, destination: Destination) -> bool:
    """Whether asking the account may show that somebody who is withheld can be sent after all."""
    unseen = _UNSEEN if destination.needs_directory else frozenset[str]()
    return not planned.withheld.keys().isdisjoint({"may_not_exist", *unseen})


def pack_imports(rows: Iterable[ImportRow]) -> Imports:
    """Pack rows into imports as delivery does: as many in turn as the limits take, resends apart."""
    ends: list[int] = []
    looks = namings = count = size = looked_up = created = 0
    resend, last = False, 0
    for row in rows:
        if count and (count == MOST_ROWS or size + row.size + 1 > MOST_BYTES - _FRAME or row.resend is not resend):
            ends.append(last)
            looks, namings = looks + _pages(looked_up), namings + _pages(created)
            count = size = looked_up = created = 0
        count, size, resend, last = count + 1, size + row.size + 1, row.resend, row.position
        looked_up, created = looked_up + row.looked_up, created + row.created
    if count:
        ends.append(last)
        looks, namings = looks + _pages(looked_up), namings + _pages(created)
    return Imports(tuple(ends), looks, namings)


_FRAME = len(Batch(()).body.encode())
"""Bytes of an import besides its rows."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between two requests of any kind, and between two bulk imports, by the limits and our share of them."""

    any: float
    bulk: float

    @classmethod
    def of(cls, settings: Settings) -> Pace:
        """Return the pace that the client keeps with these settings."""
        share = settings.activecampaign_rate_share
        return cls(_spacing(settings.activecampaign_rate, share, WINDOW), _spacing(RATE, share, MINUTE))

    def seconds(self, requests: Iterable[PlannedRequests], imports: int) -> float:
        """Return how long it takes: the tighter limit decides."""
        return max(sum(map(_reckoned, requests)) * self.any, imports * self.bulk)

    def reached(self, ahead: Iterable[PlannedRequests], imports: Imports, budget: float) -> Mapping[str, int]:
        """Return how far delivery comes in that many seconds: single calls made, and the last position imported.

        Single calls and imports go side by side; imports have their own limit, and single calls what they leave.
        """
        room = max(0, int(budget / self.any) - sum(map(_reckoned, ahead)))
        left = max(0.0, budget - sum(map(_reckoned, ahead)) * self.any)
        number = len(imports.ends)
        each = 2 + math.ceil(imports.looks / number) if number else 1
        done = min(number, int(left / self.bulk), room // each)
        return {"calls": room - done * each, "imported": imports.ends[done - 1] if done else 0}


def _spacing(rate: float, share: float, window: float) -> float:
    return Limiter(rate, share, window=window, clock=time.monotonic, sleep=asyncio.sleep).spacing


def _deliveries(calls: Mapping[str, Estimate], imports: Imports) -> list[PlannedRequests]:
    found = [PlannedRequests(endpoint, estimate) for endpoint, estimate in calls.items()]
    if imports.ends:
        found += [
            PlannedRequests("POST /import/bulk_import", exactly(len(imports.ends))),
            # An import is asked about until it is over.
            PlannedRequests("GET /import/info", at_least(len(imports.ends))),
        ]
    if imports.looks:
        found.append(PlannedRequests("GET /contacts", exactly(imports.looks), apart=True))
    if imports.namings:
        found.append(PlannedRequests("GET /contacts", at_most(imports.namings), apart=True))
    return found


def _added_up(requests: Iterable[PlannedRequests]) -> tuple[PlannedRequests, ...]:
    """Return one line for each endpoint, in the order in which they come first."""
    lines: dict[tuple[str, bool], list[Estimate]] = {}
    for one in requests:
        lines.setdefault((one.endpoint, one.apart), []).append(one.requests)
    return tuple(PlannedRequests(endpoint, total(estimates), apart) for (endpoint, apart), estimates in lines.items())


def _reckoned(one: PlannedRequests) -> int:
    return one.requests.least if one.requests.expected is None else one.requests.expected


def _pages(contacts: int) -> int:
    return math.ceil(contacts / PAGE)
