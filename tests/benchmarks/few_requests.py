"""How many requests a delivery takes: the whole chain on a sandbox with the service's limits and latencies."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import httpx
from pydantic import SecretStr

from ac_pipeline.sandbox import Sandbox, SandboxConfig
from ac_pipeline.settings import Settings
from benchmarks.real import sandbox
from benchmarks.report import Section, bounded, table
from pipeline.pipeline_account import ACTIVE, KEY, PATIENCE, STATES, Door, Service
from pipeline.pipeline_support import Company, Ticking

CONTACTS, CHANGED, FEW = 1_000, 10, 5
FIELDS, TAGS = 5, 2
LATENCY = 0.1
"""Seconds an answer takes; an import takes the six of the sandbox's default, and all else is the default, too."""
LIST = "Newsletter"
_CATALOG = frozenset({
    "fields", "fields/{id}", "fieldRels", "fieldOption/bulk", "groupDefinitions", "groupMembers", "tags", "lists",
    "settings/account", "users/me",
})  # fmt: skip
"""Paths of the catalog; groups are how a field gets to be shown."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Requests of one sync. `counted` is by the sandbox."""

    what: str
    delivery: Mapping[str, int]
    catalog: int
    directory: int
    counted: int
    seconds: float
    bound: int
    differences: int
    """Contacts that the account has otherwise than the warehouse."""

    @property
    def requests(self) -> int:
        """Delivery requests."""
        return sum(self.delivery.values())

    @property
    def passed(self) -> bool:
        """Whether it delivered, within the bound, and nothing was left uncounted."""
        return self.requests <= self.bound and self.total == self.counted and not self.differences

    @property
    def total(self) -> int:
        """All requests."""
        return self.requests + self.catalog + self.directory


def measure() -> list[Spent]:
    """Sync new contacts, nothing, many changes and few changes, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        config = SandboxConfig(root / "sandbox.db", api_key=KEY, latency=LATENCY)
        with sandbox(config) as url:
            account = Service(Sandbox(url, config.port, KEY, config.actid, config.event_key), Door())
            account.create_list(LIST)
            shop = _Shop(root / "company", url, clock=_Running())
            shop.open()
            return [
                shop.spend(account, "first delivery", lambda: None, bound=9),
                shop.spend(account, "repeated", lambda: None, bound=0),
                # An import, and a question for it.
                shop.spend(account, f"{CHANGED} changed", lambda: shop.change(CHANGED), bound=2),
                shop.spend(account, f"{FEW} changed", lambda: shop.change(FEW), bound=FEW),
            ]


class _Running(Ticking):
    """A clock that begins at the tests' moment and runs: imports are asked about by their age."""

    def __init__(self) -> None:
        super().__init__()
        self._begun = time.monotonic()

    def __call__(self) -> datetime:
        return self.moment + timedelta(seconds=time.monotonic() - self._begun)


class _Shop(Company):
    """A company whose customers have two audiences, three traits, two tags and a list, with the default settings."""

    def settings(self) -> Settings:
        return Settings(
            _env_file=None,
            activecampaign_api_url=self.url,
            activecampaign_api_key=SecretStr(self.key),
            warehouse_url=f"duckdb://{self.warehouse}",
            ac_pipeline_home=self.home,
            ac_pipeline_assets=self.assets,
            ac_pipeline_dbt=self.root / "dbt",
            history_start=None,
        )

    def open(self) -> None:
        """Have the customers."""
        self.run_sql(
            f"""create or replace table contacts as
            select n::varchar as user_id, 'u' || n || '@example.com' as email, 'First' || n as first_name,
                'Last' || n as last_name, ['Customer', 'Group ' || n % 3] as tags, n::double as points,
                'Level ' || n % 5 as level, date '2024-01-01' + (n % 50)::integer as since
            from range(1, {CONTACTS + 1}) as t(n)"""
        )
        query = "from contacts where :as_of is not null"
        self.declare("contacts", f"sql: select user_id, email, first_name, last_name, tags {query}\n")
        self.declare("audiences/buyers", f"name: Buyers\nmembership: {{list: {LIST}}}\nsql: select user_id {query}\n")
        self.declare("audiences/readers", f"name: Readers\nsql: select user_id {query}\n")
        for key, kind in (("points", "number"), ("level", "text"), ("since", "date")):
            sql = f"sql: select user_id, {key} as value {query}\n"
            self.declare(f"traits/{key}", f"name: {key.title()}\ntype: {kind}\n{sql}")

    def change(self, customers: int) -> None:
        """Let so many have other points."""
        self.run_sql(f"update contacts set points = points + 0.5 where user_id::integer <= {customers}")

    def spend(self, account: Service, what: str, happens: Callable[[], None], *, bound: int) -> Spent:
        """Let something happen, and sync."""
        happens()
        account.forget_requests()
        begun = time.monotonic()
        delivery = self.sync_later().delivery
        seconds = time.monotonic() - begun
        counted = len(account.requests())
        catalog = {name: count for name, count in delivery.requests.items() if name.split(" /", 1)[1] in _CATALOG}
        return Spent(
            what,
            {name: count for name, count in delivery.requests.items() if name not in catalog},
            sum(catalog.values()),
            delivery.directory_requests,
            counted,
            seconds,
            bound,
            self._differences(),
        )

    def _differences(self) -> int:
        """Return how many contacts the account has otherwise than the warehouse, or only one of them has."""
        answer = httpx.get(f"{self.url}/sandbox/contacts", timeout=PATIENCE, trust_env=False).raise_for_status()
        there = {
            (
                contact["email"], contact["first_name"], contact["last_name"], tuple(sorted(contact["tags"])),
                tuple(sorted(contact["lists"].items())), tuple(sorted(contact["fields"].items())),
            )
            for contact in answer.json()["contacts"]
        }  # fmt: skip
        with duckdb.connect(self.warehouse) as connection:
            rows = connection.execute("select user_id, points, level, since::varchar from contacts").fetchall()
        here = {
            (
                f"u{user}@example.com", f"First{user}", f"Last{user}", ("Customer", f"Group {int(user) % 3}"),
                ((LIST, STATES.index(ACTIVE)),),
                (
                    ("Buyers", "true"), ("Level", level), ("Points", f"{points:g}"), ("Readers", "true"),
                    ("Since", since), ("User ID", user),
                ),
            )
            for user, points, level, since in rows
        }  # fmt: skip
        return len(there ^ here)


def section() -> Section:
    """Measure, and say how."""
    spent = measure()
    rows = [
        (
            one.what, bounded(str(one.requests), passed=one.requests <= one.bound), one.bound,
            ", ".join(f"{count} {name}" for name, count in one.delivery.items()) or "–",
            one.catalog, one.directory, bounded(str(one.counted), passed=one.total == one.counted),
            bounded(str(one.differences), passed=not one.differences), f"{one.seconds:.0f}",
        )
        for one in spent
    ]  # fmt: skip
    head = ("sync", "delivery requests", "bound", "which", "catalog", "directory", "by the sandbox", "differences", "s")
    text = "\n\n".join(["## Requests for a thousand contacts", _METHOD, table(head, rows)])
    return Section(text, tuple(str(one) for one in spent if not one.passed))


_METHOD = (
    f"{CONTACTS:,} contacts that the account does not have, each with a name, {FIELDS} custom fields (two audiences, "
    f"three traits) besides the user id, {TAGS} tags and a list. The whole chain (warehouse, store, plan, client) with "
    "the settings as they are by default, over real HTTP and in real time, against the sandbox in another process, as "
    f"it is by default: 5 requests a second, 100 imports a minute, {1000 * LATENCY:g} ms an answer, 6 s an import. "
    "Requests are counted by the client. Catalog: reading and creating fields, tags and lists, and reading account and "
    "user. Directory: reading many contacts (their ids after an import, opt-outs of a list). Delivery is every "
    "other one. By the sandbox: all that arrived, which must be the sum. Differences: contacts that the account has "
    f"afterwards otherwise than the warehouse. {CHANGED} is 1%, and an import; fewer than that go one by one."
)
