"""Collections that come a page at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import TypeVar

from ac_pipeline.activecampaign.caller import Call, Caller
from ac_pipeline.activecampaign.connection import Params
from ac_pipeline.activecampaign.shapes import Identified, Page, read

PAGE = 100
"""Objects a page: the service's maximum (reference, section 5)."""

AnyPage = TypeVar("AnyPage", bound=Page)
_NONE: Mapping[str, Params] = {}


async def pages(
    caller: Caller,
    path: str,
    shape: type[AnyPage],
    items: Callable[[AnyPage], Sequence[Identified]],
    params: Mapping[str, Params] = _NONE,
) -> AsyncIterator[AnyPage]:
    """Yield every page of the collection at `path` (`tags`), by offset until its total (reference, section 5).

    Where the total is missing a short page is the last; a page without anything new always is. Raises
    OwnerMustAct or ServiceUnavailable.
    """
    seen: set[str] = set()
    offset = 0
    while True:
        asked = {**params, "limit": str(PAGE), "offset": str(offset)}
        call = Call("GET", f"/{path}", path, shows=(path,), params=asked)
        page = read(shape, await caller.needed(call), call.endpoint)
        found = items(page)
        fresh = {item.id for item in found} - seen
        if fresh:
            yield page
        seen |= fresh
        offset += len(found)
        done = len(found) < PAGE if page.meta.total is None else offset >= page.meta.total
        if done or not fresh:
            return
