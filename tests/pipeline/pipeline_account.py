"""An account for the tests of the whole pipeline, as strangers and marketers see it and change it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from ac_pipeline.sandbox import Clock, Sandbox, SandboxConfig, Switches, running

RATE = 1000
IMPORT_WAIT, IMPORT_LIMIT = 0.05, 3.0
"""Seconds, for an account whose imports are over at once."""
SWIFT = Switches(bulk_latency=0.02, bulk_hidden=0.0)
"""An account whose bulk imports are over at once."""
KEY = "0123456789abcdef-key-of-tests"
PATIENCE = 60
"""Seconds after which a request or a child process counts as hanging."""
SYNC = "POST /contact/sync"
UPDATE = "PUT /contacts/{id}"
TAG, UNTAG = "POST /contactTags", "DELETE /contactTags/{id}"
SUBSCRIBE = "POST /contactLists"
EVENT, VISIT, ENROL = "POST /event", "GET /visit", "POST /contactAutomations"
WRITES = (SYNC, UPDATE, TAG, UNTAG, SUBSCRIBE)
"""Requests that write a contact."""
USER_ID = "User ID"
"""Title of the field that keeps the user id; every contact has it unless a test says otherwise."""
UNCONFIRMED, ACTIVE, UNSUBSCRIBED, BOUNCED = "unconfirmed", "active", "unsubscribed", "bounced"
STATES = (UNCONFIRMED, ACTIVE, UNSUBSCRIBED, BOUNCED)
"""States of a contact on a list, by the service's number."""


class Door:
    """Every request of an account passes here before it is handled; a test may do something at one of them."""

    def __init__(self) -> None:
        self.passed = 0
        self._actions: dict[int, Callable[[], None]] = {}
        self._opened: threading.Event | None = None

    def reset(self) -> None:
        """Let everything through again, and count from 0."""
        self.open()
        self.passed, self._actions, self._opened = 0, {}, None

    def at(self, number: int, action: Callable[[], None]) -> None:
        """Do something when the request of that number arrives, counted from the last reset."""
        self._actions[number] = action

    def close(self) -> None:
        """Keep requests waiting from now on, unanswered and without effect, until `open`."""
        self._opened = threading.Event()

    def open(self) -> None:
        """Let waiting requests go on."""
        if self._opened is not None:
            self._opened.set()

    async def sleep(self, _seconds: float) -> None:
        """Stand in for the sandbox's latency."""
        self.passed += 1
        action = self._actions.pop(self.passed, None)
        if action is not None:
            action()
        if self._opened is not None:
            await asyncio.to_thread(self._opened.wait, PATIENCE)


@dataclass(frozen=True)
class Service:
    """A sandbox account, as a stranger sees it."""

    sandbox: Sandbox
    door: Door

    def start_anew(self) -> None:
        """Make the account empty; nothing goes wrong any more."""
        self.door.reset()
        self._ask("/sandbox/reset", "POST")
        self._ask("/sandbox/faults", "DELETE")
        self._ask("/sandbox/switches", "DELETE")

    # What it is like, and what goes wrong there.

    def switch(self, **switches: object) -> None:
        """Let it answer differently where its description leaves something open."""
        self._ask("/sandbox/switches", "PUT", switches)

    def misbehave(self, *rules: Mapping[str, object]) -> None:
        """Put these faults in force, and no others."""
        self._ask("/sandbox/faults", "PUT", list(rules))

    def exclude(self, email: str) -> None:
        """Put an address on the account's exclusion list."""
        self._ask("/sandbox/exclusions", "POST", {"matchPhrase": email, "matchType": "exact"})

    # What it holds.

    def contacts(self) -> dict[str, dict[str, str]]:
        """Return e-mail → id, standard fields that are set, and custom fields by title but the user id."""
        standard = ("id", "first_name", "last_name", "phone")
        told = self.told()
        return {
            email: {**{name: contact[name] for name in standard if contact[name]}, **told[email]}
            for email, contact in self._contacts().items()
        }

    def told(self) -> dict[str, dict[str, str]]:
        """Return e-mail → custom fields by title but the user id."""
        return {
            email: {title: value for title, value in contact["fields"].items() if title != USER_ID}
            for email, contact in self._contacts().items()
        }

    def user_ids(self) -> dict[str, str]:
        """Return e-mail → user id, of contacts that have one."""
        fields = {email: contact["fields"] for email, contact in self._contacts().items()}
        return {email: values[USER_ID] for email, values in fields.items() if USER_ID in values}

    def tags(self, email: str) -> set[str]:
        """Return the tags of a contact by name."""
        return set(self._contacts()[email]["tags"])

    def lists(self, email: str) -> dict[str, str]:
        """Return the lists a contact ever was on by name, and its state there."""
        return {name: STATES[status] for name, status in self._contacts()[email]["lists"].items()}

    def fields(self) -> dict[str, dict[str, Any]]:
        """Return title → custom field."""
        return {found["title"]: found for found in self._ask("/sandbox/fields")["fields"]}

    def _contacts(self) -> dict[str, Any]:
        found = self._ask("/sandbox/contacts")["contacts"]
        assert len({contact["email"] for contact in found}) == len(found)
        return {contact["email"]: contact for contact in found}

    # What it was asked.

    def forget_requests(self) -> None:
        """Count requests from 0."""
        self.door.reset()
        self._ask("/sandbox/requests", "DELETE")

    def requests(self, *templates: str) -> list[str]:
        """Return `METHOD template` of each request that arrived, oldest first; only of `templates` if any."""
        listed = self._ask("/sandbox/requests?limit=-1")["requests"]
        names = [f"{one['method']} {one['template']}" for one in sorted(listed, key=lambda one: int(one["id"]))]
        return [name for name in names if not templates or name in templates]

    def sent(self) -> int:
        """Return how many requests wrote a contact's fields."""
        return len(self.requests(SYNC, UPDATE))

    # What was tracked, and who is in which automation.

    def tracked(self, *types: str) -> list[tuple[str, str, str]]:
        """Return e-mail, type and value of each event and visit, in the order in which they came."""
        found = self._ask("/sandbox/events")["events"]
        return [(one["email"], one["type"], one["value"]) for one in found if not types or one["type"] in types]

    def referrers(self) -> list[str]:
        """Return the referrer of each visit, in the order in which they came."""
        return [one["referrer"] for one in self._ask("/sandbox/events")["events"] if one["type"] == "__pagevisit"]

    def event_names(self) -> list[str]:
        """Return the names of events that are registered, but for the service's own."""
        found = self.call("GET", "eventTrackingEvents?limit=100")["eventTrackingEvents"]
        return [one["name"] for one in found if not one["name"].startswith("__")]

    def domains(self) -> list[str]:
        """Return the domains whose visits are tracked."""
        return [one["name"] for one in self.call("GET", "siteTrackingDomains?limit=100")["siteTrackingDomains"]]

    def track(self, *, events: bool = True, site: bool = True) -> None:
        """Switch event tracking and site tracking on or off."""
        self.call("PUT", "eventTracking", {"eventTracking": {"enabled": events}})
        self.call("PUT", "siteTracking", {"siteTracking": {"enabled": site}})

    def create_automation(self, name: str, *, active: bool = True, once: bool = False) -> str:
        """Make an automation; return its id."""
        return str(self._ask("/sandbox/automations", "POST", {"name": name, "active": active, "once": once})["id"])

    def enrolled(self, name: str) -> list[str]:
        """Return who entered an automation, once for each time."""
        found = self._ask("/sandbox/automations")["automations"]
        return sorted(
            one["email"] for automation in found if automation["name"] == name for one in automation["contacts"]
        )

    # What others do in it.

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Do something as another integration would; return what it answers."""
        return self._ask(f"/api/3/{path}", method, body)

    def create(self, email: str, **columns: str) -> str:
        """Create a contact as somebody else would, with firstName, lastName, phone; return its id."""
        return str(self.call("POST", "contact/sync", {"contact": {"email": email, **columns}})["contact"]["id"])

    def delete(self, email: str) -> None:
        """Delete a contact."""
        self.call("DELETE", f"contacts/{self.id_of(email)}")

    def move(self, email: str, to: str) -> None:
        """Give a contact another address."""
        self.call("PUT", f"contacts/{self.id_of(email)}", {"contact": {"email": to}})

    def id_of(self, email: str) -> str:
        """Return the id of a contact."""
        return str(self._contacts()[email]["id"])

    def create_field(self, title: str, kind: str = "text", *, tag: str = "", options: Sequence[str] = ()) -> str:
        """Create a custom field, visible everywhere; return its id."""
        wanted = {"title": title, "type": kind, **({"perstag": tag} if tag else {})}
        number = str(self.call("POST", "fields", {"field": wanted})["field"]["id"])
        rows = [
            {"field": number, "label": option, "value": option, "orderid": place}
            for place, option in enumerate(options, 1)
        ]
        if rows:
            self.call("POST", "fieldOption/bulk", {"fieldOptions": rows})
        self.call("POST", "fieldRels", {"fieldRel": {"field": number, "relid": 0}})
        return number

    def create_tag(self, name: str) -> str:
        """Create a tag; return its id. One of that name may be there."""
        return str(self.call("POST", "tags", {"tag": {"tag": name, "tagType": "contact"}})["tag"]["id"])

    def tag(self, email: str, name: str) -> None:
        """Tag a contact."""
        wanted = {"contact": self.id_of(email), "tag": self.create_tag(name)}
        self.call("POST", "contactTags", {"contactTag": wanted})

    def untag(self, email: str, name: str) -> None:
        """Take a tag off a contact, if it is there."""
        tag = self.create_tag(name)
        for found in self.call("GET", f"contacts/{self.id_of(email)}/contactTags")["contactTags"]:
            if found["tag"] == tag:
                self.call("DELETE", f"contactTags/{found['id']}")

    def fill_up(self, count: int) -> None:
        """Let the account have `count` tags and fields, copies of its first under other names."""
        state = self._ask("/sandbox/dump")
        for table, name, key in (("tags", "tag", "tag_key"), ("fields", "title", "title_key")):
            first, known = state[table][0], len(state[table])
            for number in range(known + 1, count + 1):
                copy = {**first, "id": number, name: f"Filler {number}", key: f"filler {number}"}
                state[table].append({**copy, "perstag": f"FILLER_{number}"} if "perstag" in first else copy)
        self._ask("/sandbox/load", "POST", state)

    def create_list(self, name: str, channel: str = "email") -> str:
        """Create a list; return its id."""
        word = name.lower().replace(" ", "-")
        wanted = {"stringid": word, "sender_url": "https://shop.example", "sender_reminder": "You signed up."}
        return str(self.call("POST", "lists", {"list": {"name": name, "channel": channel, **wanted}})["list"]["id"])

    def put_on_list(self, email: str, list_id: str, state: str) -> None:
        """Give a contact a state on a list: the person clicked a link, or a mail bounced."""
        wanted = {"contact": self.id_of(email), "list": list_id, "status": STATES.index(state)}
        self.call("POST", "contactLists", {"contactList": wanted})

    def subscribe(self, email: str, list_id: str) -> None:
        """Let a person subscribe."""
        self.put_on_list(email, list_id, ACTIVE)

    def unsubscribe(self, email: str, list_id: str) -> None:
        """Let a person opt out."""
        self.put_on_list(email, list_id, UNSUBSCRIBED)

    def _ask(self, path: str, method: str = "GET", body: object = None) -> Any:
        answer = httpx.request(
            method, f"{self.sandbox.url}{path}", json=body, timeout=PATIENCE, trust_env=False, verify=False,
            headers={"Api-Token": self.sandbox.api_key},
        )  # fmt: skip
        return answer.raise_for_status().json()


@contextmanager
def service(state: Path, **config: Any) -> Iterator[Service]:
    """Run an account in a thread."""
    door = Door()
    wanted = {"rate": RATE, "api_key": KEY, "latency": 0.001, "switches": SWIFT, **config}
    with running(SandboxConfig(state, **wanted), clock=Clock(sleep=door.sleep)) as sandbox:
        try:
            yield Service(sandbox, door)
        finally:
            door.open()
