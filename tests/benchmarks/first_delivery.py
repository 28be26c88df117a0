"""How fast very many new contacts are delivered at the service's limits, in simulated time."""

from __future__ import annotations

import asyncio
import math
import random
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from pydantic import SecretStr

from ac_pipeline.activecampaign import connect
from ac_pipeline.activecampaign.pages import PAGE
from ac_pipeline.home import Home
from ac_pipeline.model.delivery import Outcome
from ac_pipeline.store.ledger import fold
from ac_pipeline.store.outbox import fill_outbox, reconcile
from ac_pipeline.store.store import Store, open_store
from ac_pipeline.sync.bulk import ImportWaits
from ac_pipeline.sync.deliver import deliver_outbox
from ac_pipeline.sync.verdicts import Verdicts
from benchmarks.filled import AUDIENCES, DESTINATION, TRAITS, fill_desired
from benchmarks.import_service import Imports
from benchmarks.rates import BULK_RATE, SINGLE_RATE
from benchmarks.report import Section, bounded, table
from benchmarks.service import LIMITED, Limit, Service, Window
from unit.activecampaign.simulated_time import simulate

CONTACTS = 100_000
ROWS = 250
LATENCIES, JITTER, IMPORT = (0.02, 0.3, 1.0), 0.02, 6.0
CEILING = ROWS * BULK_RATE[0] / BULK_RATE[1]
"""Contacts a second that bulk import takes at most."""
BOUND, OWN_BOUND, ASKED_BOUND = 0.95, 0.25, 1.05
"""Least share of the ceiling; most seconds of our own work for one that the limits ask for; most questions about an
import."""
_BEGIN = datetime(2026, 3, 1, 8, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Result:
    """Of one delivery, in simulated seconds; `own` is real seconds of this process, the simulated service included.

    `told` is when the last contact was imported, `answered` when every one was acknowledged, `over` when the account's
    ids of all were known.
    """

    latency: float
    contacts: int
    told: float
    answered: float
    over: float
    imports: int
    questions: int
    directory: int
    refused: int
    own: float
    left: int
    """Contacts without an acknowledgement."""

    @property
    def share(self) -> float:
        """Contacts a second until the last was imported, as a share of the ceiling."""
        return self.contacts / self.told / CEILING

    @property
    def used(self) -> float:
        """Share of all requests that the account allows that were made until everything was over."""
        return (self.imports + self.questions + self.directory) / self.over * SINGLE_RATE[1] / SINGLE_RATE[0]

    @property
    def few(self) -> bool:
        """Whether there was about one question an import, and a page for each hundred contacts."""
        most = ASKED_BOUND * self.imports
        return self.questions <= most and self.directory <= math.ceil(self.contacts / PAGE) + 1

    @property
    def passed(self) -> bool:
        """Whether everything arrived, fast enough, with few requests."""
        fast = self.share >= BOUND and self.own / self.over <= OWN_BOUND
        return fast and self.few and not self.left and not self.refused


def measure(latency: float, contacts: int) -> Result:
    """Deliver new contacts at full share, with a client that knows nothing of the network."""
    with tempfile.TemporaryDirectory() as folder:
        return simulate(_deliver(Path(folder), latency, contacts))


async def _deliver(folder: Path, latency: float, contacts: int) -> Result:
    clock, imports = asyncio.get_running_loop().time, Imports(IMPORT)
    service = _service(imports, latency)

    def now() -> datetime:
        return _BEGIN + timedelta(seconds=clock())

    with open_store(Home.at(folder / "home"), kind="benchmark", run_id="first", clock=now) as store:
        fill_desired(store, contacts)
        _plan(store)
        async with connect(
            "http://localhost", SecretStr("key"), share=1.0, clock=clock, now=now, jitter=random.Random(1),
            transport=service,
        ) as client:  # fmt: skip
            answered = [0.0]
            verdicts = Verdicts(clock=clock, progress=lambda _: answered.append(clock()))
            begun, worked = clock(), time.process_time()
            await deliver_outbox(store, client, verdicts, waits=ImportWaits(), exclude_automations=False)
            over, own = clock() - begun, time.process_time() - worked
        fold(store)
        left = _plan(store) + contacts - verdicts.tally[Outcome.ACKNOWLEDGED]
        return Result(
            latency, contacts, imports.last_over_at - begun, answered[-1] - begun, over,
            client.requests["POST /import/bulk_import"], client.requests["GET /import/info"],
            client.directory_requests, service.refused, own, left,
        )  # fmt: skip


def _plan(store: Store) -> int:
    reconcile(store)
    return fill_outbox(store, DESTINATION).contacts


def _service(imports: Imports, latency: float) -> Service:
    return Service(
        limits={"": Limit(Window.SLIDING, *SINGLE_RATE), "bulk_import": Limit(Window.SLIDING, *BULK_RATE)},
        answer=imports.answer,
        refusal=lambda: httpx.Response(400, json=LIMITED),
        latency=latency,
        jitter=JITTER,
        faults=(),
        faulty=0.0,
        chance=random.Random(latency),
    )


def section(contacts: int = CONTACTS) -> Section:
    """Measure, and say how."""
    results = [measure(latency, contacts) for latency in LATENCIES]
    rows = [
        (
            f"{1000 * one.latency:g} ms", f"{one.contacts / one.told:.0f}",
            bounded(f"{one.share:.3f}", passed=one.share >= BOUND), f"{one.told:.0f} s", f"{one.answered:.0f} s",
            f"{one.over:.0f} s", one.imports, bounded(f"{one.questions}, {one.directory}", passed=one.few),
            f"{one.used:.2f}",
            bounded(f"{one.refused}", passed=not one.refused), bounded(f"{one.left}", passed=not one.left),
            bounded(f"{one.own / one.over:.2f}", passed=one.own / one.over <= OWN_BOUND),
        )
        for one in results
    ]  # fmt: skip
    head = (
        "latency", "contacts/s", "of the ceiling", "all imported", "all acknowledged", "all ids known",
        "imports", "questions, directory", "of all requests allowed", "refused", "left over", "own work",
    )  # fmt: skip
    text = "\n\n".join(["## The first delivery of very many contacts", _method(contacts), table(head, rows)])
    return Section(text, tuple(str(one) for one in results if not one.passed))


def _method(contacts: int) -> str:
    return (
        f"{contacts:,} new contacts with {AUDIENCES} audiences and {TRAITS} traits in a real store, delivered at full "
        "share by the real client (httpx without its sockets) in simulated time, as below. The service counts by a "
        f"sliding window 5 requests a second, imports included, and 100 imports a minute; {1000 * JITTER:g} ms of "
        f"jitter; an import is done {IMPORT:g} s after its request. The ceiling is {ROWS} contacts an import, "
        f"{CEILING:.0f} contacts/s. Contacts/s: from the beginning until the last import is done. Imports are asked "
        "about meanwhile, and their contacts acknowledged; the ids of new contacts are read, 100 a request (directory, "
        "apart), when nothing else is to be asked: with 5 requests a second that takes longer than importing. Own "
        "work: processor seconds of this process (store, client, simulated service) for each second that passed in the "
        f"simulation. Bounds: {BOUND:g} of the ceiling, {ASKED_BOUND:g} questions an import, a page for each {PAGE} "
        f"contacts, own work at most {OWN_BOUND:g}, nothing refused, nothing left over."
    )
