"""All values of one field: each seen once, whatever the service says of their number."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ac_pipeline.activecampaign import ActiveCampaign
from ac_pipeline.errors import ServiceUnavailable
from unit.activecampaign.ac_connection import talk
from unit.activecampaign.collection import SIZES, paged, query
from unit.activecampaign.scripted_server import Say, scripted


def values(count: int, field: str = "3") -> list[dict[str, Any]]:
    """Values 1 to `count`."""
    return [{"id": n, "field": field, "value": f"u{n}", "contact": str(n)} for n in range(1, count + 1)]


async def everything(client: ActiveCampaign) -> list[str]:
    return [value.id async for page in client.values_of_field("3") for value in page.values]


@settings(deadline=None, max_examples=25)
@given(
    count=st.one_of(st.sampled_from(SIZES), st.integers(0, 350)), total=st.sampled_from(["text", "number", "missing"])
)
def test_every_value_is_seen_once(count: int, total: str) -> None:
    """Whatever the form of the total, and in no more pages than are needed."""
    with scripted(then=paged("fieldValues", values(count), total)) as server:
        found = talk(server.url, everything)
    assert sorted(map(int, found)) == list(range(1, count + 1))
    assert len(server.seen) <= count // 100 + 1


@settings(deadline=None, max_examples=15)
@given(count=st.integers(0, 350), stop=st.integers(1, 4))
def test_a_reading_is_resumed_where_it_stopped(count: int, stop: int) -> None:
    """The offset of the last page that was taken leads to exactly the values that are missing."""

    async def use(client: ActiveCampaign) -> list[str]:
        found, offset, left = [], 0, stop
        async for page in client.values_of_field("3"):
            found += [value.id for value in page.values]
            offset, left = page.offset, left - 1
            if not left:
                break
        return found + [v.id async for page in client.values_of_field("3", offset=offset) for v in page.values]

    with scripted(then=paged("fieldValues", values(count))) as server:
        assert sorted(map(int, talk(server.url, use))) == list(range(1, count + 1))


def test_it_is_counted_as_reading() -> None:
    """Not as delivery; and it asks for one field, a hundred at a time."""

    async def use(client: ActiveCampaign) -> tuple[object, int]:
        await everything(client)
        return client.requests, client.directory_requests

    with scripted(then=paged("fieldValues", values(3))) as server:
        assert talk(server.url, use) == ({}, 1)
    assert query(server.seen[0]) == {"filters[fieldid]": ["3"], "limit": ["100"], "offset": ["0"]}


def test_an_ignored_filter_brings_no_other_field() -> None:
    """Values of other fields are left out."""
    with scripted(then=paged("fieldValues", [*values(2), *values(1, field="4")])) as server:
        assert sorted(talk(server.url, everything)) == ["1", "2"]


def test_an_ignored_offset_is_no_endless_loop() -> None:
    """The same page again is the end."""
    page = Say(200, {"fieldValues": values(100), "meta": {"total": "900"}})
    with scripted(then=page) as server:
        assert len(talk(server.url, everything)) == 100
    assert len(server.seen) == 2


@pytest.mark.parametrize("step", [Say(500), Say(200, {"fieldValues": [{"field": "3"}]})])
def test_a_page_that_cannot_be_read_is_an_error(step: Say) -> None:
    """Nobody takes a part for all."""
    first = Say(200, {"fieldValues": values(100), "meta": {"total": "150"}})
    with scripted(first, then=step) as server, pytest.raises(ServiceUnavailable):
        talk(server.url, everything)
