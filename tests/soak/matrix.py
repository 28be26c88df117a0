"""Every fault the sandbox knows, alone and mixed: what a sync does, and what it costs until the account is equal."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ac_pipeline.model.delivery import NOT_TAKEN
from pipeline.pipeline_support import Company
from soak.service import Rule, SandboxProcess, sandbox_process
from soak.world import PROJECT, World

RATE = 50
PEOPLE = {"single": 40, "bulk": 400}
"""Contacts to create, by route."""
SYNCS = 15
SETUP = 3
"""Requests before the first contact: who the key's user is, which account this is, its custom fields."""
ASKING, IMPORTING = "GET /import/info", "POST /import/bulk_import"
QUESTIONS = 6
"""How an import stands may be asked so often: after ever longer waits."""
DONE, OWNER, UNAVAILABLE, INCONSISTENT, ATTENTION = 0, 6, 7, 10, 11


@dataclass(frozen=True)
class Case:
    """Faults and switches in force. `refuses` says that contacts are refused and wait for another desired state."""

    name: str
    rules: Sequence[Rule] = ()
    switches: Mapping[str, object] = field(default_factory=dict)
    rate: int = 1000
    """Requests per second the service allows."""
    refuses: bool = False


@dataclass(frozen=True)
class Row:
    """What became of a case."""

    case: Case
    syncs: int
    codes: tuple[int, ...]
    hits: int
    """Requests that met a fault, or were refused for coming too fast."""
    requests: int
    """All but the questions how imports stand."""
    asked: int
    """Questions how imports stand: as many as their time takes."""
    imports: int
    without: int
    """Requests of the same delivery without faults, questions how imports stand not counted."""
    nudged: int
    """Contacts that were refused, and told when their desired state had changed."""
    singly: int
    """Contacts that an import did not take, and that were told singly."""
    wrong: tuple[str, ...]

    @property
    def bound(self) -> int:
        """Each hit costs a request and, where its effect is in doubt, a look; each further sync its beginning.

        Of each import the last page of new ids may have to be read by itself.
        """
        return self.without + 2 * self.hits + SETUP * (self.syncs - 1) + self.nudged + self.singly + self.imports

    @property
    def bound_asked(self) -> int:
        """Each import may be asked about a few times, each hit costs a question more."""
        return QUESTIONS * self.imports + self.hits

    @property
    def passed(self) -> bool:
        """Whether the account became equal within the bounds."""
        return not self.wrong and self.requests <= self.bound and self.asked <= self.bound_asked


def cases(route: str) -> list[Case]:
    """Return all that applies to a route."""
    alone = [_alone(kind, rate) for kind, rate in _ALONE.items()]
    alone += [_alone(kind, rate, refuses=True) for kind, rate in _REFUSING.items()]
    if route == "bulk":
        alone += [_alone(kind, 0.2, path="/import/bulk_import") for kind in _BULK]
    mixed = [_mixed(total) for total in (0.1, 0.2, 0.3)]
    switched = [Case(f"switch {name}={value}", switches={name: value}) for name, value in _SWITCHES]
    if route == "bulk":
        switched += [Case(f"switch {name}={value}", switches={name: value}) for name, value in _BULK_SWITCHES]
    return [*alone, *mixed, *(Case(name, rate=RATE // 2, switches=switches) for name, switches in _SLOW), *switched]


def measure_all(folder: Path, route: str, workers: int, seed: str) -> list[Row]:
    """Measure every case of a route, in `workers` companies side by side; rows come in the order of the cases."""
    every = cases(route)
    parts = [every[number::workers] for number in range(workers)]
    with ThreadPoolExecutor(workers) as pool:
        work = partial(_measure_some, folder, route, seed)
        measured = [row for rows in pool.map(work, range(workers), parts) for row in rows]
    return sorted(measured, key=lambda row: every.index(row.case))


@contextmanager
def company_with_account(folder: Path, seed: str, route: str = "single") -> Iterator[Delivery]:
    """Make a company that was delivered once without faults, so that its fields are there."""
    folder.mkdir(parents=True)
    with sandbox_process(folder / "state.sqlite", latency=0.02) as sandbox:
        company = Company(folder / "company", sandbox.url, rate=RATE)
        delivery = Delivery(company, World(company, seed, 2, imports=route == "bulk"), sandbox)
        assert delivery.sync() == DONE
        yield delivery


@dataclass
class Delivery:
    """A company and its account, which meet one case after the other."""

    company: Company
    world: World
    sandbox: SandboxProcess

    def usual(self, people: int) -> int:
        """Deliver `people` new contacts without faults; return the requests that takes."""
        row = self.measure(Case("none"), people, 0)
        assert (row.syncs, row.hits, row.wrong) == (1, 0, ())
        return row.requests

    def measure(self, case: Case, people: int, without: int) -> Row:
        """Deliver `people` new contacts under the faults of a case, until the account is equal or SYNCS are over."""
        world, sandbox = self.world, self.sandbox
        singly = self._not_taken()
        world.grow(people)
        world.next_window()
        self._set_up(case)
        codes: list[int] = []
        nudged, wrong = 0, ["not tried"]
        while (wrong or codes[-1] != DONE) and len(codes) < SYNCS:
            codes.append(self.sync())
            differences = world.differences(sandbox.contacts())
            wrong = sorted(f"user {user} {text}" for user, text in differences)
            refused = {user for user, _ in differences} if codes[-1] == ATTENTION and case.refuses else set()
            if refused:
                nudged += len(refused)
                world.nudge(refused)
        counts = sandbox.counts()
        asked = counts.get(ASKING, 0)
        hits = sandbox.hits() if case.rules else sandbox.throttled()
        self._set_up(Case("none"))
        if wrong or codes[-1] != DONE:
            self.sync()  # the next case begins with an account that is equal, and knows it
        return Row(
            case, len(codes), tuple(codes), hits, sum(counts.values()) - asked, asked,
            counts.get(IMPORTING, 0), without, nudged, self._not_taken() - singly, tuple(wrong),
        )  # fmt: skip

    def _not_taken(self) -> int:
        """Return how many contacts imports have named as failed so far."""
        reasons = ", ".join(f"'{reason}'" for reason in NOT_TAKEN)
        ((count,),) = self.company.ask(f"select count(*) from engine.outcome where reason in ({reasons})")
        return int(count)

    def sync(self) -> int:
        """Run the command line; return its exit code, which must be one of those that are expected."""
        ended = self.company.run_sync("--no-dbt", PYTHONPATH=str(PROJECT))
        assert ended.code in (DONE, OWNER, UNAVAILABLE, INCONSISTENT, ATTENTION), ended.text
        return ended.code

    def _set_up(self, case: Case) -> None:
        if case.rules or case.rate != self.sandbox.rate:
            self.sandbox.stop()
            self.sandbox.rate = case.rate
            self.sandbox.seed = zlib.crc32(case.name.encode())  # each case draws anew
            self.sandbox.start()
        self.sandbox.obey(case.rules, case.switches)
        self.sandbox.forget()


def _measure_some(folder: Path, route: str, seed: str, number: int, some: Sequence[Case]) -> list[Row]:
    with company_with_account(folder / str(number), f"{seed}.{number}", route) as delivery:
        without = delivery.usual(PEOPLE[route])
        return [delivery.measure(case, PEOPLE[route], without) for case in some]


def _alone(kind: str, rate: float, *, path: str = "", refuses: bool = False) -> Case:
    rule = {"kind": kind, "rate": rate, "seconds": 0.3, "path": path}
    return Case(f"{kind} {rate:.0%}", [rule], refuses=refuses)


def _mixed(total: float) -> Case:
    rules = [{"kind": kind, "rate": total / len(_MIXED), "seconds": 0.3} for kind in _MIXED]
    return Case(f"all of the first part together, {total:.0%}", rules)


_ALONE = {
    "throttled": 0.1, "throttled_bare": 0.1, "throttled_503": 0.1, "unavailable": 0.1,
    "payment_required": 0.2, "forbidden": 0.2, "forbidden_empty": 0.2, "login_page": 0.2,
    "masked_failure": 0.3, "server_error": 0.3, "bad_gateway": 0.3, "empty_answer": 0.3, "ac_error_header": 0.3,
    "json_as_html": 0.3, "truncated": 0.3, "gateway_timeout": 0.3, "slow": 0.3,
    "dropped_before": 0.3, "dropped_after": 0.3, "reset_before": 0.3, "reset_after": 0.3,
    "hangs_before": 0.3, "hangs_after": 0.3, "cut_off": 0.3, "restart_before": 0.1, "restart_after": 0.1,
}  # fmt: skip
_MIXED = tuple(_ALONE)
_REFUSING = {"not_found": 0.2, "email_invalid": 0.2, "email_duplicate": 0.2, "field_error": 0.2, "unknown_4xx": 0.2}
_BULK = ("bulk_throttled", "bulk_row_refused", "bulk_failed", "bulk_interrupted")
_SLOW: tuple[tuple[str, dict[str, object]], ...] = (
    ("half the rate that is set", {}),
    ("half the rate, 503 for 429", {"throttle_status": 503}),
    ("half the rate, 429 without a body", {"throttle_body": "empty"}),
    ("half the rate, nothing said of it", {"retry_after": False, "rate_headers": False}),
)
_SWITCHES: tuple[tuple[str, object], ...] = (
    ("sync_status", "always_201"), ("created_status", "always_200"), ("sync_values", "all"), ("totals", "number"),
    ("unchanged_sync", "leaves"), ("choices", "checked"), ("email_case", "kept"), ("contact_order", "oldest_first"),
    ("limit_above_100", "obeyed"),
)  # fmt: skip
_BULK_SWITCHES: tuple[tuple[str, object], ...] = (
    ("bulk_content_type", "application/json"), ("bulk_shares_rate", False), ("bulk_success", "created"),
    ("bulk_row_failures", 0.1), ("unknown_batch", "not_found"), ("bulk_unsubscribed", "list_skipped"),
)  # fmt: skip
