"""Where a contract test works: requests at the account's pace, checked, and everything cleaned up."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from typing import Any

import httpx

from contract.accounts import Account
from contract.openapi import contradictions

DOMAIN = "contract.ac-pipeline.example"
"""All addresses of the suite are in it; it can belong to nobody."""
NAME = "contract suite"
"""Begins the names of everything else."""
_CREATES = ("contacts", "contact/sync", "fields", "tags", "lists", "webhooks")
_TRIES = 20


class Stranger(Exception):
    """Raised for an account that holds contacts the suite did not create: it is not touched."""


@dataclass
class Desk:
    """`run` makes the names of this run its own; `created` are paths to delete, newest last."""

    account: Account
    http: httpx.Client
    run: str = field(default_factory=lambda: secrets.token_hex(4))
    created: list[str] = field(default_factory=list)
    count: int = 0

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.send("GET", path, params=params)

    def post(self, path: str, body: object) -> httpx.Response:
        return self.send("POST", path, json=body)

    def put(self, path: str, body: object) -> httpx.Response:
        return self.send("PUT", path, json=body)

    def delete(self, path: str) -> httpx.Response:
        return self.send("DELETE", path)

    def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send a request, again while the account says that it comes too fast; compare it with the description."""
        for _ in range(_TRIES):
            self.account.pace()
            answer = self.http.request(method, path, **more)
            if answer.status_code not in (429, 503):
                break
            self.account.wait(float(answer.headers.get("retry-after", 1)))
        found = contradictions(answer)
        assert not found, found
        self._remember(method, path, answer)
        return answer

    def email(self) -> str:
        """Return an address nobody has."""
        self.count += 1
        return f"{self.run}-{self.count}@{DOMAIN}"

    def name(self, what: str) -> str:
        """Return a name nothing has."""
        self.count += 1
        return f"{NAME} {self.run} {what} {self.count}"

    def contact(self, **attributes: Any) -> dict[str, Any]:
        """Create a contact by sync and return it."""
        answer = self.post("/contact/sync", {"contact": {"email": self.email(), **attributes}})
        assert answer.status_code in (200, 201)
        return answer.json()["contact"]

    def field(self, kind: str = "text") -> dict[str, Any]:
        """Create a field and return it."""
        return self.post("/fields", {"field": {"title": self.name("field"), "type": kind}}).json()["field"]

    def tag(self) -> dict[str, Any]:
        """Create a tag for contacts and return it."""
        sent = {"tag": self.name("tag"), "tagType": "contact", "description": ""}
        return self.post("/tags", {"tag": sent}).json()["tag"]

    def list(self) -> dict[str, Any]:
        """Create a list and return it."""
        name = self.name("list")
        sent = {"stringid": name.replace(" ", "-"), "sender_url": "https://example.com", "sender_reminder": "A test."}
        return self.post("/lists", {"list": {"name": name, **sent}}).json()["list"]

    def clean(self) -> None:
        """Delete everything this run created, newest first."""
        while self.created:
            answer = self.delete(self.created.pop())
            assert answer.status_code in (200, 403, 404)

    def clean_up_after_earlier_runs(self) -> None:
        """Delete what runs that died left behind. Raises Stranger, and deletes nothing, for foreign contacts."""
        contacts = self._all("contacts", **{"orders[id]": "ASC"})
        if any(not contact["email"].endswith(f"@{DOMAIN}") for contact in contacts):
            raise Stranger("This account has contacts the contract suite did not create. It must be an empty one.")
        named = {"tags": "tag", "fields": "title", "lists": "name", "webhooks": "name"}
        found = {path: self._all(path) for path in named}
        self.created += [
            f"/{path}/{row['id']}" for path, rows in found.items() for row in rows if row[named[path]].startswith(NAME)
        ]
        self.created += [f"/contacts/{contact['id']}" for contact in contacts]
        self.clean()

    def _all(self, path: str, **params: str) -> list[dict[str, Any]]:
        """Return all pages of a collection, or the first when a stranger's contact is on it."""
        rows: list[dict[str, Any]] = []
        while True:
            body = self.get(f"/{path}", limit="100", offset=str(len(rows)), **params).json()
            rows += body[path]
            strange = any(not row["email"].endswith(f"@{DOMAIN}") for row in body[path] if path == "contacts")
            if strange or not body[path] or len(rows) >= int(body["meta"]["total"]):
                return rows

    def _remember(self, method: str, path: str, answer: httpx.Response) -> None:
        collection = path.strip("/")
        if method != "POST" or collection not in _CREATES or answer.status_code not in (200, 201):
            return
        collection = "contacts" if collection == "contact/sync" else collection
        created = answer.json()[re.sub("s$", "", collection)]
        place = f"/{collection}/{created['id']}"
        if place not in self.created:
            self.created.append(place)
