"""The custom fields of an account, as the reference describes them: just enough for the client's tests."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from unit.activecampaign.scripted_server import Say, Seen, Step

DEFAULT_GROUPS = [
    {"id": 2, "type_id": 2, "label": "{**DEAL_DEFAULT**}"},
    {"id": 7, "type_id": 1, "label": "Shoes"},
    {"id": 1, "type_id": 1, "label": "{**DEFAULT**}"},
]


@dataclass
class SmallAccount:
    """Fields by id, options, relations and group members; `lose` answers of a path after doing what it asks."""

    groups: object = field(default_factory=lambda: DEFAULT_GROUPS)
    totals_as_text: bool = True
    fields: dict[int, dict[str, Any]] = field(default_factory=dict)
    options: list[dict[str, Any]] = field(default_factory=list)
    relations: list[dict[str, Any]] = field(default_factory=list)
    members: list[dict[str, Any]] = field(default_factory=list)
    lose: dict[str, Step] = field(default_factory=dict)
    refuse: dict[str, Step] = field(default_factory=dict)
    """Answers that come instead of doing what is asked; each for every request."""

    def add(self, title: str, perstag: str, kind: str = "text", *, related: bool = True) -> int:
        number = len(self.fields) + 1
        self.fields[number] = {"id": str(number), "title": title, "type": kind, "perstag": perstag}
        if related:
            self.relations.append({"id": str(len(self.relations) + 1), "field": str(number), "relid": "0"})
        return number

    def __call__(self, seen: Seen) -> Step:
        if seen.path in self.refuse:
            return self.refuse[seen.path]
        answer = self._do(seen)
        return self.lose.pop(seen.path, answer)

    def _do(self, seen: Seen) -> Step:
        body = json.loads(seen.body) if seen.body else {}
        match seen.method, seen.path.strip("/").split("/"):
            case "GET", ["fields"]:
                return self._page(seen)
            case "GET", ["fields", number]:
                shown = self._shown(int(number))
                return Say(200, {"field": shown, "fieldOptions": self._options(number), "fieldRels": []})
            case "POST", ["fields"]:
                return self._create(body["field"])
            case "POST", ["fieldOption", "bulk"]:
                self.options += body["fieldOptions"]
                return Say(201, {"fieldOptions": body["fieldOptions"]})
            case "POST", ["fieldRels"]:
                self.relations.append({**body["fieldRel"], "id": str(len(self.relations) + 1)})
                return Say(201, {"fieldRel": self.relations[-1]})
            case "POST", ["groupMembers"]:
                self.members.append(body["groupMember"])
                return Say(200, {"groupMember": {"id": 87, **body["groupMember"]}})
            case "GET", ["groupDefinitions"]:
                return Say(200, {"groupDefinitions": self.groups})
        return Say(404, {"message": "No Result found"})

    def _create(self, new: dict[str, Any]) -> Step:
        if any(old["title"].lower() == new["title"].lower() for old in self.fields.values()):
            return Say(422, {"errors": [{"title": "There is already a field with this title", "code": "duplicate"}]})
        number = self.add(new["title"], new["perstag"].upper().replace(" ", ""), new["type"], related=False)
        return Say(201, {"field": self.fields[number]})

    def _page(self, seen: Seen) -> Step:
        asked = parse_qs(urlsplit(seen.target).query)
        offset, limit = int(asked["offset"][0]), min(int(asked["limit"][0]), 100)
        numbers = list(self.fields)[offset : offset + limit]
        total: object = str(len(self.fields)) if self.totals_as_text else len(self.fields)
        return Say(
            200,
            {
                "fieldOptions": [option for number in numbers for option in self._options(str(number))],
                "fieldRels": [relation for relation in self.relations if int(relation["field"]) in numbers],
                "fields": [self._shown(number) for number in numbers],
                "meta": {"total": total},
            },
        )

    def _shown(self, number: int) -> dict[str, Any]:
        related = [relation["id"] for relation in self.relations if int(relation["field"]) == number]
        return {**self.fields[number], "relations": related, "options": [], "links": []}

    def _options(self, number: str) -> list[dict[str, Any]]:
        return [option for option in self.options if str(option["field"]) == number]
