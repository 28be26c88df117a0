"""Collections of a service that pages as the reference says: by offset or behind an id, 100 at a time at most."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from unit.activecampaign.scripted_server import Say, Seen, Step

SIZES = [0, 1, 19, 20, 21, 99, 100, 101, 250, 1000]

Total = Callable[[int, int], object]
"""What `meta` says of a collection: given all objects, and those behind the id that was asked for."""

TOTALS: Mapping[str, Total] = {
    "text": lambda everything, _: {"total": str(everything)},
    "number": lambda everything, _: {"total": everything},
    "of what is left": lambda _, left: {"total": str(left)},
    "missing": lambda *_: [],
}


def query(seen: Seen) -> dict[str, list[str]]:
    return parse_qs(urlsplit(seen.target).query)


def paged(
    name: str, objects: Sequence[dict[str, Any]], total: str = "text", *, most: int = 100
) -> Callable[[Seen], Step]:
    """Serve the collection `/name`, ids ascending when they were asked for behind one and descending if not."""

    def answer(seen: Seen) -> Step:
        if seen.path != f"/{name}":
            return Say(404, {"message": "No Result found"})
        asked = query(seen)
        offset, limit = int(asked.get("offset", ["0"])[0]), min(int(asked.get("limit", ["20"])[0]), most)
        left = list(reversed(objects))
        if "id_greater" in asked:
            assert asked["orders[id]"] == ["ASC"]
            left = [item for item in objects if int(item["id"]) > int(asked["id_greater"][0])]
        elif "ids[]" in asked:
            left = [item for item in left if str(item["id"]) in asked["ids[]"]]
        return Say(200, {name: left[offset : offset + limit], "meta": TOTALS[total](len(objects), len(left))})

    return answer
