"""Paging of every collection: each object once, whatever its number and the size of a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.sandbox_support import Api, sandbox

COUNTS = [0, 1, 19, 20, 21, 99, 100, 101, 250, 1000]
SIZES = st.sampled_from([None, 19, 20, 21, 99, 100, 101, 500])
TIMES = {"created_at": 0, "updated_at": 0}
ONE_CONTACT = {"id": 1, "email": "a@x.com", "email_key": "a@x.com", **TIMES}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with sandbox(tmp_path_factory.mktemp("sandbox")) as api:
        yield api


def contacts(count: int) -> dict[str, Any]:
    rows = [{**ONE_CONTACT, "id": n, "email": f"c{n}@x.com", "email_key": f"c{n}@x.com"} for n in range(1, count + 1)]
    return {"contacts": rows}


def fields(count: int) -> dict[str, Any]:
    rows = [
        {"id": n, "title": f"F{n}", "title_key": f"f{n}", "type": "text", "perstag": f"F{n}", "ordernum": n, **TIMES}
        for n in range(1, count + 1)
    ]
    return {"fields": rows}


def tags(count: int) -> dict[str, Any]:
    rows = [
        {"id": n, "tag": f"T{n}", "tag_key": f"t{n}", "type": "contact", "description": "", **TIMES}
        for n in range(1, count + 1)
    ]
    return {"tags": rows}


def lists(count: int) -> dict[str, Any]:
    rows = [
        {"id": n, "name": f"L{n}", "stringid": f"l{n}", "sender_url": "", "sender_reminder": "", **TIMES}
        for n in range(1, count + 1)
    ]
    return {"lists": rows}


def values(count: int) -> dict[str, Any]:
    rows = [{"id": n, "contact": 1, "field": n, "value": "x", **TIMES} for n in range(1, count + 1)]
    return {**fields(count), "contacts": [ONE_CONTACT], "field_values": rows}


def associations(count: int) -> dict[str, Any]:
    rows = [{"id": n, "contact": 1, "tag": n, "created_at": 0} for n in range(1, count + 1)]
    return {**tags(count), "contacts": [ONE_CONTACT], "contact_tags": rows}


def subscriptions(count: int) -> dict[str, Any]:
    rows = [{"id": n, "contact": 1, "list": n, "status": 1, "sourceid": 0, **TIMES} for n in range(1, count + 1)]
    return {**lists(count), "contacts": [ONE_CONTACT], "contact_lists": rows}


COLLECTIONS = {
    "contacts": contacts,
    "fields": fields,
    "tags": tags,
    "lists": lists,
    "fieldValues": values,
    "contactTags": associations,
    "contactLists": subscriptions,
}


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("collection", COLLECTIONS)
def test_following_the_offset_up_to_the_total_sees_every_object_once(server: Api, collection: str, count: int) -> None:
    """In one order from the first page to the last; without `limit` the default applies."""
    server.control("/sandbox/load", "POST", COLLECTIONS[collection](count)).raise_for_status()
    everything = [str(n) for n in range(1, count + 1)]

    @settings(max_examples=5, deadline=None)
    @given(limit=SIZES)
    def check(limit: int | None) -> None:
        size = {} if limit is None else {"limit": limit}
        seen: list[str] = []
        while True:
            body = server.get(f"/{collection}", **{"orders[id]": "ASC", "offset": len(seen)}, **size).json()
            seen += [row["id"] for row in body[collection]]
            if len(seen) >= int(body["meta"]["total"]):
                break
        assert seen == everything

    check()


@pytest.mark.parametrize("count", COUNTS)
def test_following_the_ids_of_contacts_sees_each_once(server: Api, count: int) -> None:
    """As the documentation advises for large accounts; the end is an empty page."""
    server.control("/sandbox/load", "POST", contacts(count)).raise_for_status()

    @settings(max_examples=5, deadline=None)
    @given(limit=SIZES)
    def check(limit: int | None) -> None:
        size = {} if limit is None else {"limit": limit}
        seen = ["0"]
        while page := server.get("/contacts", **{"orders[id]": "ASC", "id_greater": seen[-1]}, **size).json()[
            "contacts"
        ]:
            seen += [contact["id"] for contact in page]
        assert seen[1:] == [str(n) for n in range(1, count + 1)]

    check()
