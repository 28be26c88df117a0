"""The demo's ActiveCampaign: the sandbox, with the lists a marketer has there already."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import httpx

from ac_pipeline.cli.demo_home import DemoHome
from ac_pipeline.declarations import load_declarations
from ac_pipeline.model.properties import list_key
from ac_pipeline.model.window import utc_text
from ac_pipeline.sandbox import Sandbox, running

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")
_STATUSES = ("unconfirmed", "active", "unsubscribed", "bounced")
_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Shown:
    """One contact as a stranger sees it; `fields` by title, `lists` by name with their status."""

    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    fields: Mapping[str, str] = field(repr=False)
    tags: frozenset[str]
    lists: Mapping[str, str]


@contextmanager
def demo_account(made: DemoHome) -> Iterator[Sandbox]:
    """Serve the demo's sandbox for as long as the context lasts, with every list the declarations name.

    The pipeline never creates a list: what people are subscribed to is a marketer's decision.
    """
    with running(made.sandbox()) as sandbox:
        _make_lists(made, sandbox)
        yield sandbox


def contacts_shown(sandbox: Sandbox) -> dict[str, Shown]:
    """Return every contact of the sandbox by e-mail address."""
    found = httpx.get(f"{sandbox.url}/sandbox/contacts", timeout=_SECONDS).raise_for_status().json()["contacts"]
    return {
        contact["email"]: Shown(
            contact["first_name"],
            contact["last_name"],
            _in_utc(contact["fields"]),
            frozenset(contact["tags"]),
            {name: _STATUSES[status] for name, status in contact["lists"].items()},
        )
        for contact in found
    }


def events_shown(sandbox: Sandbox) -> Counter[tuple[str, str, str]]:
    """Return the events the sandbox was told: e-mail address, name and value of each."""
    found = httpx.get(f"{sandbox.url}/sandbox/events", timeout=_SECONDS).raise_for_status().json()["events"]
    return Counter((event["email"], event["type"], event["value"]) for event in found)


def contacts_by_tag(contacts: Mapping[str, Shown]) -> dict[str, int]:
    """Count contacts by tag, sorted by its name."""
    return dict(sorted(Counter(tag for one in contacts.values() for tag in one.tags).items()))


def contacts_by_list(contacts: Mapping[str, Shown]) -> dict[str, dict[str, int]]:
    """Count contacts by list and status, sorted by their names."""
    counts: dict[str, dict[str, int]] = {}
    for (name, status), count in sorted(Counter(on for one in contacts.values() for on in one.lists.items()).items()):
        counts.setdefault(name, {})[status] = count
    return counts


def _make_lists(made: DemoHome, sandbox: Sandbox) -> None:
    """Create the lists that are named and missing. Faults of the declarations are the job's to report."""
    declared = load_declarations(made.project / "assets").declarations
    named = [audience.membership.list for audience in declared.audiences] if declared else []
    wanted = {list_key(one.list): one.list for one in named if one is not None and not one.list.isdecimal()}
    with httpx.Client(
        base_url=f"{sandbox.url}/api/3", headers={"Api-Token": sandbox.api_key}, timeout=_SECONDS
    ) as marketer:
        known = marketer.get("/lists", params={"limit": 100}).raise_for_status().json()["lists"]
        for key in wanted.keys() - {list_key(one["name"]) for one in known}:
            sent = {
                "name": wanted[key],
                "stringid": re.sub(r"[^a-z0-9]+", "-", wanted[key].lower()).strip("-"),
                "sender_url": "https://shop.example.com",
                "sender_reminder": "You bought something in our shop.",
            }
            made_list = marketer.post("/lists", json={"list": sent}).raise_for_status().json()["list"]
            # A new list is seen by nobody until a group of users is given to it.
            group = {"listid": made_list["id"], "groupid": 3}
            marketer.post("/listGroups", json={"listGroup": group}).raise_for_status()


def _in_utc(fields: Mapping[str, str]) -> dict[str, str]:
    """ActiveCampaign keeps moments in the account's time zone; the same moment is the same value."""
    return {
        title: utc_text(datetime.fromisoformat(value)) if _MOMENT.fullmatch(value) else value
        for title, value in fields.items()
    }
