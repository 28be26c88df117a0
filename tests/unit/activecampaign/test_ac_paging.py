"""Every object of a collection is seen once, whatever its size and whatever the service says of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ac_pipeline.activecampaign import ActiveCampaign
from ac_pipeline.errors import ServiceUnavailable
from ac_pipeline.model.contact import ListStatus
from unit.activecampaign.ac_connection import talk
from unit.activecampaign.collection import SIZES, TOTALS, paged, query
from unit.activecampaign.scripted_server import Say, Step, scripted

Read = Callable[[ActiveCampaign], Awaitable[list[str]]]


def objects(count: int, **attributes: Any) -> list[dict[str, Any]]:
    """Objects 1 to `count`, ids as text and as numbers by turns."""
    return [{"id": n if n % 2 else str(n), **attributes} for n in range(1, count + 1)]


async def directory(client: ActiveCampaign) -> list[str]:
    return [contact.id async for page in client.directory() for contact in page.contacts]


async def _fields(client: ActiveCampaign) -> list[str]:
    return [item.id for item in await client.fields()]


async def _tags(client: ActiveCampaign) -> list[str]:
    return [item.id for item in await client.tags()]


async def _lists(client: ActiveCampaign) -> list[str]:
    return [item.id for item in await client.lists()]


async def _values(client: ActiveCampaign) -> list[str]:
    return [item.id for item in await client.find_values("3", "x")]


COLLECTIONS: dict[str, tuple[Read, dict[str, Any]]] = {
    "fields": (_fields, {"title": "A"}),
    "tags": (_tags, {"tag": "A", "tagType": "contact"}),
    "lists": (_lists, {"name": "A"}),
    "fieldValues": (_values, {"field": 3, "value": "x", "contact": "9"}),
    "contacts": (directory, {"email": "a@example.com"}),
}


@pytest.mark.parametrize("name", COLLECTIONS)
@pytest.mark.parametrize("count", SIZES)
def test_every_object_is_seen_once(name: str, count: int) -> None:
    """In no more pages than are needed."""
    read, attributes = COLLECTIONS[name]
    with scripted(then=paged(name, objects(count, **attributes))) as server:
        found = talk(server.url, read)
    assert sorted(map(int, found)) == list(range(1, count + 1))
    # Behind an id, a total that counts everything cannot say that a full page was the last.
    spare = 1 if name == "contacts" and count > 100 else 0
    assert len(server.seen) <= max(1, -(-count // 100)) + spare


@settings(deadline=None, max_examples=30)
@given(
    name=st.sampled_from(sorted(COLLECTIONS)),
    count=st.one_of(st.sampled_from(SIZES), st.integers(0, 350)),
    total=st.sampled_from(["text", "number", "missing"]),
)
def test_the_form_of_the_total_makes_no_difference(name: str, count: int, total: str) -> None:
    """Text, number, or an empty PHP array where `meta` should be."""
    read, attributes = COLLECTIONS[name]
    with scripted(then=paged(name, objects(count, **attributes), total)) as server:
        found = talk(server.url, read)
    assert sorted(map(int, found)) == list(range(1, count + 1))


@pytest.mark.parametrize("name", COLLECTIONS)
def test_pages_smaller_than_asked_for_are_read_on(name: str) -> None:
    """A service that gives twenty at most is believed in its total, not in the length of its pages."""
    read, attributes = COLLECTIONS[name]
    with scripted(then=paged(name, objects(77, **attributes), most=20)) as server:
        found = talk(server.url, read)
    assert sorted(map(int, found)) == list(range(1, 78))


@pytest.mark.parametrize("total", TOTALS)
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
def test_a_directory_is_read_to_its_end_whatever_its_total_counts(count: int, total: str) -> None:
    """Everything, or what lies behind the cursor: the reference does not say which."""
    with scripted(then=paged("contacts", objects(count), total)) as server:
        found = talk(server.url, directory)
    assert found == [str(number) for number in range(1, count + 1)]
    assert len(server.seen) <= count // 100 + 2


@settings(deadline=None, max_examples=15)
@given(count=st.integers(0, 350), stop=st.integers(0, 4))
def test_a_directory_is_resumed_where_it_stopped(count: int, stop: int) -> None:
    """The cursor of the last page that was taken leads to exactly the contacts that are missing."""

    async def use(client: ActiveCampaign) -> list[str]:
        found, cursor, left = [], "0", stop
        async for page in client.directory():
            if not left:
                break
            left -= 1
            found += [contact.id for contact in page.contacts]
            cursor = page.cursor
        return found + [c.id async for page in client.directory(cursor=cursor) for c in page.contacts]

    with scripted(then=paged("contacts", objects(count))) as server:
        assert talk(server.url, use) == [str(number) for number in range(1, count + 1)]


def test_a_refresh_asks_for_what_changed() -> None:
    """A moment in UTC, one list, one state; and the service's clock, before the request, for the next refresh."""
    after = datetime.fromisoformat("2026-04-05T07:00:00-05:00")
    ours = datetime(2031, 1, 1, tzinfo=UTC)
    page = {"contacts": [{"id": "5", "email": "a@example.com", "udate": "2026-04-05T08:00:00-05:00"}], "meta": []}
    steps = [Say(200, page, {"Date": "Sun, 05 Apr 2026 14:00:00 GMT"}), Say(200, {"contacts": []})]

    async def use(client: ActiveCampaign) -> list[Any]:
        return [p async for p in client.directory(updated_after=after, on_list="3", status=ListStatus.UNSUBSCRIBED)]

    with scripted(*steps) as server:
        (found,) = talk(server.url, use, now=lambda: ours)
    asked = query(server.seen[0])
    assert asked == {
        "orders[id]": ["ASC"], "id_greater": ["0"], "limit": ["100"], "listid": ["3"], "status": ["2"],
        "filters[updated_after]": ["2026-04-05T12:00:00+00:00"],
    }  # fmt: skip
    assert (found.cursor, found.asked_at) == ("5", datetime(2026, 4, 5, 13, 59, 59, tzinfo=UTC))
    assert found.contacts[0].updated_at == datetime(2026, 4, 5, 13, tzinfo=UTC)


@pytest.mark.parametrize("ids", [["3", "2"], ["2", "2"], ["1", "x"]])
def test_a_directory_out_of_order_is_an_error(ids: list[str]) -> None:
    """A service that ignores the order or the cursor would be read for ever, or in part."""
    page = Say(200, {"contacts": [{"id": number} for number in ids], "meta": {"total": "900"}})
    with scripted(then=page) as server, pytest.raises(ServiceUnavailable):
        talk(server.url, directory)


def test_the_same_page_again_is_an_error() -> None:
    """A cursor that is ignored does not become an endless loop."""
    page = Say(200, {"contacts": [{"id": "1"}, {"id": "2"}], "meta": {"total": "900"}})
    with scripted(then=page) as server, pytest.raises(ServiceUnavailable):
        talk(server.url, directory)
    assert len(server.seen) == 2


@pytest.mark.parametrize("count", SIZES)
def test_contacts_are_read_by_id_a_hundred_at_a_time(count: int) -> None:
    """Those that exist, each once, also when an id is given twice."""
    wanted = [str(number) for number in range(1, count + 1)] * 2
    with scripted(then=paged("contacts", objects(count))) as server:

        async def use(client: ActiveCampaign) -> list[str]:
            return [contact.id async for contact in client.contacts([*wanted, "99999"])]

        found = talk(server.url, use)
    assert sorted(map(int, found)) == list(range(1, count + 1))
    assert len(server.seen) == -(-(count + 1) // 100)


def test_an_ignored_id_filter_brings_no_strangers() -> None:
    """Contacts that were not asked for are left out."""
    with scripted(then=Say(200, {"contacts": [{"id": "1"}, {"id": 2}]})) as server:

        async def use(client: ActiveCampaign) -> list[str]:
            return [contact.id async for contact in client.contacts(["2", "3"])]

        assert talk(server.url, use) == ["2"]


def test_directory_requests_are_counted_apart() -> None:
    """They are reading, and no part of what delivery cost."""

    async def use(client: ActiveCampaign) -> tuple[object, int]:
        await directory(client)
        await client.find_contact("nobody@example.com")
        return client.requests, client.directory_requests

    with scripted(Say(500), then=Say(200, {"contacts": []})) as server:
        assert talk(server.url, use) == ({"GET /contacts": 1}, 2)


@pytest.mark.parametrize("step", [Say(500), Say(200, {"contacts": [{"email": "a@example.com"}]})])
def test_a_page_that_cannot_be_read_is_an_error(step: Step) -> None:
    """After whole pages, so that nobody takes a part for all."""
    first = Say(200, {"contacts": objects(100), "meta": {"total": "150"}})
    with scripted(first, then=step) as server, pytest.raises(ServiceUnavailable):
        talk(server.url, directory)
