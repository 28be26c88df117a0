"""Bulk import in simulated time: contacts are imported some seconds after they were queued, and get ids."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field

import httpx


@dataclass(frozen=True, slots=True)
class _Import:
    over_at: float
    ids: tuple[str, ...]


@dataclass
class Imports:
    """What the service answers. `seconds` from the request to its contacts; nothing is refused, all is new."""

    seconds: float
    ids: dict[str, str] = field(default_factory=dict)
    """Address → id of each contact that was queued."""
    last_over_at: float = 0.0
    """When the last import so far is over, by the loop's clock."""
    _emails: dict[str, str] = field(default_factory=dict)
    _imports: dict[str, _Import] = field(default_factory=dict)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer one request that was let through."""
        match request.url.path.removeprefix("/api/3/"):
            case "import/bulk_import":
                return self._queue(json.loads(request.content))
            case "import/info":
                return self._info(request.url.params["batchId"])
            case "contacts":
                return self._contacts(request.url.params.get_list("ids[]"))
            case path:
                return httpx.Response(404, json={"message": f"not simulated: {path}"})

    def _queue(self, body: dict[str, list[dict[str, object]]]) -> httpx.Response:
        emails = [str(row["email"]) for row in body["contacts"]]
        for email in emails:
            number = self.ids.setdefault(email, str(len(self.ids) + 1))
            self._emails[number] = email
        name = f"import-{len(self._imports) + 1}"
        self.last_over_at = asyncio.get_running_loop().time() + self.seconds
        self._imports[name] = _Import(self.last_over_at, tuple(self.ids[email] for email in emails))
        return httpx.Response(200, json={"success": 1, "queued_contacts": len(emails), "batchId": name})

    def _info(self, name: str) -> httpx.Response:
        asked = self._imports[name]
        if asyncio.get_running_loop().time() < asked.over_at:
            return httpx.Response(200, json={"status": "waiting", "success": [], "failure": []})
        return httpx.Response(200, json={"status": "completed", "success": asked.ids, "failure": []})

    def _contacts(self, ids: list[str]) -> httpx.Response:
        found = [{"id": number, "email": self._emails[number]} for number in ids if number in self._emails]
        return httpx.Response(200, json={"contacts": found, "meta": {"total": str(len(found))}})
