"""A sandbox to talk to over real HTTP, and a clock that stands still."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from ac_pipeline.sandbox import Clock, Sandbox, SandboxConfig, running

PLENTY = 1_000_000
NO_TLS = False
"""To read the certificates of the world for a request on loopback takes longer than the request."""
START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def keys(words: str) -> list[str]:
    """Names with spaces between them, as a list."""
    return words.split()


@dataclass
class Time:
    """Moves only when told; remembers how long it was asked to sleep."""

    seconds: float = 0.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> Clock:
        async def sleep(seconds: float) -> None:
            self.slept.append(seconds)
            self.seconds += seconds

        return Clock(lambda: START + timedelta(seconds=self.seconds), lambda: self.seconds, sleep)


@dataclass(frozen=True)
class Api:
    """The sandbox, spoken to with its key below /api/3; `time` is its clock."""

    http: httpx.Client
    sandbox: Sandbox
    time: Time

    def start_anew(self) -> None:
        """Empty the account, let nothing fail, set all switches back and turn the clock back."""
        for path, method in (("reset", "POST"), ("faults", "DELETE"), ("switches", "DELETE")):
            self.control(f"/sandbox/{path}", method).raise_for_status()
        self.time.seconds = 0.0

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.http.get(path, params=params or None)

    def post(self, path: str, body: object) -> httpx.Response:
        return self.http.post(path, json=body)

    def put(self, path: str, body: object) -> httpx.Response:
        return self.http.put(path, json=body)

    def delete(self, path: str) -> httpx.Response:
        return self.http.delete(path)

    def control(self, path: str, method: str = "GET", body: object = None, **headers: str) -> httpx.Response:
        """Ask outside /api/3; underscores in header names are hyphens."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.request(method, f"{self.sandbox.url}{path}", json=body, headers=sent, verify=NO_TLS)

    def switch(self, **values: Any) -> None:
        """Set switches."""
        self.control("/sandbox/switches", "PUT", values).raise_for_status()

    def fail(self, *rules: dict[str, Any]) -> None:
        """Put faults in force."""
        self.control("/sandbox/faults", "PUT", rules).raise_for_status()

    def contacts(self) -> list[dict[str, Any]]:
        """All contacts, as the control API has them."""
        return self.control("/sandbox/contacts").json()["contacts"]

    def sync(self, email: str, **contact: Any) -> httpx.Response:
        return self.post("/contact/sync", {"contact": {"email": email, **contact}})

    def field(self, title: str, kind: str = "text") -> str:
        """Create a field and return its id."""
        return str(self.post("/fields", {"field": {"title": title, "type": kind}}).json()["field"]["id"])

    def tag(self, name: str) -> str:
        """Create a tag for contacts and return its id."""
        return self.post("/tags", {"tag": {"tag": name, "tagType": "contact"}}).json()["tag"]["id"]

    def list(self, name: str) -> str:
        """Create a list and return its id."""
        sent = {"name": name, "stringid": name.lower(), "sender_url": "https://x.com", "sender_reminder": "You asked."}
        return self.post("/lists", {"list": sent}).json()["list"]["id"]

    def automation(self, name: str, **more: Any) -> str:
        """Have an automation made, as a marketer would, and return its id."""
        answer = self.control("/sandbox/automations", "POST", {"name": name, **more})
        return answer.raise_for_status().json()["id"]

    def event(self, name: str = "Bought", email: str = "a@b.com", **more: str) -> httpx.Response:
        """Send an event to the tracking host; `more` replaces fields of the form."""
        known = {"actid": self.sandbox.actid, "key": self.sandbox.event_key, "event": name}
        form = {**known, "visit": json.dumps({"email": email}), **more}
        return httpx.post(f"{self.sandbox.url}/event", data=form, verify=NO_TLS)

    def visit(self, page: str, email: str = "a@b.com", referrer: str = "", **more: str) -> httpx.Response:
        """Tell the tracking host of a page visit."""
        known = {"actid": self.sandbox.actid, "e": email, "u": page, "r": referrer}
        return httpx.get(f"{self.sandbox.url}/visit", params={**known, **more}, verify=NO_TLS)

    def tracked(self) -> list[dict[str, Any]]:
        """All events and visits, as the control API has them."""
        return self.control("/sandbox/events").json()["events"]

    def bulk(self, *rows: dict[str, Any], **more: Any) -> httpx.Response:
        """Ask for a bulk import."""
        return self.post("/import/bulk_import", {"contacts": rows, **more})

    def imported(self, *rows: dict[str, Any]) -> dict[str, Any]:
        """Import in bulk, wait, and return what became of it."""
        number = self.bulk(*rows).json()["batchId"]
        self.time.seconds += 10
        return self.get("/import/info", batchId=number).json()


@contextlib.contextmanager
def sandbox(folder: Path, **settings: Any) -> Iterator[Api]:
    """Run a sandbox in this process, without a limit on its rate unless one is given."""
    config = replace(SandboxConfig(folder / "sandbox.db", rate=PLENTY), **settings)
    time = Time()
    with (
        running(config, clock=time.clock()) as started,
        httpx.Client(base_url=f"{started.url}/api/3", headers={"Api-Token": started.api_key}) as http,
    ):
        yield Api(http, started, time)


def fill(api: Api) -> None:
    """Put something into every table."""
    plan = api.field("Plan", "dropdown")
    api.post("/fieldOption/bulk", {"fieldOptions": [{"field": plan, "label": "Pro", "value": "Pro"}]})
    api.post("/fieldRels", {"fieldRel": {"field": plan, "relid": 0}})
    api.post("/groupMembers", {"groupMember": {"rel_id": plan, "group_id": 1}})
    api.sync("a@b.com", firstName="Zoë", fieldValues=[{"field": plan, "value": "Pro"}])
    api.sync("gone@b.com")
    api.delete("/contacts/2")
    api.post("/contactTags", {"contactTag": {"contact": 1, "tag": api.tag("VIP")}})
    news = api.list("News")
    api.post("/contactLists", {"contactList": {"contact": 1, "list": news, "status": 1}})
    api.post("/listGroups", {"listGroup": {"listid": news, "groupid": 3}})
    api.post("/webhooks", {"webhook": {"name": "Hook", "url": "https://x.com", "events": ["update"], "sources": []}})
    api.control("/sandbox/exclusions", "POST", {"matchPhrase": "x@y.com"})
    api.post("/contactAutomations", {"contactAutomation": {"contact": 1, "automation": api.automation("Welcome")}})
    api.post("/eventTrackingEvents", {"eventTrackingEvent": {"name": "Bought"}})
    api.post("/siteTrackingDomains", {"siteTrackingDomain": {"name": "b.com"}})
    api.event(eventdata="19.90")
    api.visit("https://www.b.com/x")
    api.imported({"email": "a@b.com", "customer_acct_name": "Acme"})
    api.bulk({"email": "later@b.com"})
