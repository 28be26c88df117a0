"""What is not known of the service: each default, and what each switch makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import httpx
import pytest

from ac_pipeline.errors import SettingsError
from ac_pipeline.sandbox import Switches
from contract.sandbox_support import Api, sandbox


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with sandbox(tmp_path_factory.mktemp("sandbox"), subscriber_limit=1) as api:
        yield api


@pytest.fixture
def api(server: Api) -> Api:
    server.start_anew()
    return server


def values(api: Api) -> dict[str, str]:
    return api.contacts()[0]["fields"]


def test_every_switch_can_be_read_set_and_set_back(api: Api) -> None:
    """The others stay."""
    before = api.control("/sandbox/switches").json()

    after = api.control("/sandbox/switches", "PUT", {"totals": "number"}).json()

    assert set(before) == {field.name for field in fields(Switches)}
    assert after == {**before, "totals": "number"}
    assert api.control("/sandbox/switches", "DELETE").json() == before


@pytest.mark.parametrize("sent", [{"nonsense": 1}, {"totals": "words"}, {"bulk_latency": "soon"}, [], "x"])
def test_what_is_no_switch_changes_nothing(api: Api, sent: object) -> None:
    """400, and the name of what is wrong."""
    before = api.control("/sandbox/switches").json()

    answer = api.control("/sandbox/switches", "PUT", sent)

    assert (answer.status_code, "no such switch" in answer.json()["message"]) == (400, True)
    assert api.control("/sandbox/switches").json() == before


def test_wrong_switches_are_all_named() -> None:
    """In one sentence."""
    with pytest.raises(SettingsError, match=r"bad_key.*totals"):
        Switches().changed({"totals": 1, "bad_key": 2})


def test_switches_can_be_set_from_the_start(tmp_path: Path) -> None:
    """And are what DELETE goes back to."""
    with sandbox(tmp_path, switches=Switches(totals="number")) as api:
        assert api.get("/tags").json()["meta"] == {"total": 0}
        api.switch(totals="text")
        api.control("/sandbox/switches", "DELETE")
        assert api.get("/tags").json()["meta"] == {"total": 0}


@pytest.mark.parametrize(
    ("how", "status", "start"), [("empty", 403, ""), ("message", 403, "{"), ("html", 200, "<!DOC")]
)
def test_a_wrong_key(api: Api, how: str, status: int, start: str) -> None:
    """Nothing, a message, or a login page."""
    api.switch(bad_key=how)

    answer = httpx.get(f"{api.sandbox.url}/api/3/users/me")

    assert (answer.status_code, answer.text[: len(start)]) == (status, start)
    assert ("content-type" in answer.headers) == (how != "empty")


@pytest.mark.parametrize(
    ("switches", "status", "body", "says_when"),
    [
        ({}, 429, b'{"message":"Too Many Requests"}', True),
        ({"throttle_body": "empty"}, 429, b"", True),
        ({"retry_after": False}, 429, b'{"message":"Too Many Requests"}', False),
        ({"throttle_status": 503}, 503, b'{"message":"Too Many Requests"}', True),
    ],
)
def test_throttling(tmp_path: Path, switches: dict[str, Any], status: int, body: bytes, says_when: bool) -> None:
    """Status, body and header each on its own."""
    with sandbox(tmp_path, rate=1) as api:
        api.switch(**switches)
        api.get("/users/me")
        answer = api.get("/users/me")

    assert (answer.status_code, answer.content) == (status, body)
    assert ("retry-after" in answer.headers) == says_when


def test_totals_are_text_or_numbers_everywhere(api: Api) -> None:
    """In every collection that has them."""
    paths = (
        "contacts",
        "tags",
        "contactTags",
        "fields",
        "fieldValues",
        "lists",
        "listGroups",
        "contactLists",
        "webhooks",
    )
    for kind, zero in (("text", "0"), ("number", 0)):
        api.switch(totals=kind)
        assert [api.get(f"/{path}").json()["meta"]["total"] for path in paths] == [zero] * len(paths)


def test_statuses_of_writes(api: Api) -> None:
    """201 for what is new, or always 200; and a sync that always says 201."""
    api.switch(created_status="always_200")
    statuses = [
        api.sync("a@b.com").status_code,
        api.post("/tags", {"tag": {"tag": "VIP", "tagType": "contact"}}).status_code,
        api.post("/fields", {"field": {"title": "Plan", "type": "text"}}).status_code,
    ]
    api.switch(sync_status="always_201")

    assert (statuses, api.sync("a@b.com").status_code) == ([200] * 3, 201)


def test_which_values_sync_answers_with(api: Api) -> None:
    """Those of the call, or all."""
    one, two = api.field("One"), api.field("Two")
    api.sync("a@b.com", fieldValues=[{"field": one, "value": "1"}])

    def answered() -> list[str]:
        answer = api.sync("a@b.com", fieldValues=[{"field": two, "value": "2"}])
        return [value["field"] for value in answer.json()["fieldValues"]]

    assert answered() == [two]
    api.switch(sync_values="all")
    assert answered() == [one, two]


def test_ids_in_subscriptions(api: Api) -> None:
    """Text as recorded, numbers as probed later."""
    api.sync("a@b.com")
    sent = {"contactList": {"contact": "1", "list": api.list("News"), "status": "1", "sourceid": 0}}
    recorded = api.post("/contactLists", sent).json()["contactList"]
    api.switch(contact_list_ids="numbers")
    probed = api.post("/contactLists", sent).json()["contactList"]

    assert (recorded["list"], recorded["contact"], recorded["sourceid"]) == ("1", "1", 0)
    assert (probed["list"], probed["contact"], probed["sourceid"]) == (1, 1, 4)


def test_limits_above_100_and_the_order_of_contacts(api: Api) -> None:
    """Clamped or obeyed; newest first or oldest."""
    for number in range(101):
        api.sync(f"c{number}@x.com")

    first = api.get("/contacts", limit=1000).json()["contacts"]
    api.switch(limit_above_100="obeyed", contact_order="oldest_first")
    second = api.get("/contacts", limit=1000).json()["contacts"]

    assert (len(first), first[0]["id"]) == (100, "101")
    assert (len(second), second[0]["id"]) == (101, "1")


def test_addresses_are_matched_and_kept_as_switched(api: Api) -> None:
    """Case ignored or kept; space refused or trimmed."""
    api.sync("a@b.com")
    assert api.sync("A@b.com").status_code == 200
    assert api.sync(" a@b.com ").status_code == 422
    api.switch(email_case="kept", email_space="trimmed")
    assert api.sync("A@b.com").status_code == 201
    assert api.sync(" A@b.com ").status_code == 200
    assert api.get("/contacts", email="A@b.com").json()["contacts"][0]["id"] == "2"
    assert [contact["email"] for contact in api.contacts()] == ["a@b.com", "A@b.com"]


def test_tags_that_exist(api: Api) -> None:
    """Given back or refused; in another case another tag or the same."""
    api.tag("VIP")
    api.switch(duplicate_tag="refused")
    assert api.post("/tags", {"tag": {"tag": "vip", "tagType": "contact"}}).json()["errors"][0]["code"] == "duplicate"
    api.switch(tag_case="kept")
    statuses = [api.post("/tags", {"tag": {"tag": name, "tagType": "contact"}}).status_code for name in ("X", "x", "x")]
    assert statuses == [201, 201, 422]


def test_personalisation_tags_that_exist(api: Api) -> None:
    """Taken a second time, or refused."""
    for title, status in (("One", 201), ("Two", 201)):
        sent = {"field": {"title": title, "type": "text", "perstag": "SAME"}}
        assert api.post("/fields", sent).status_code == status
    api.switch(duplicate_perstag="refused")
    sent = {"field": {"title": "Three", "type": "text", "perstag": "same"}}
    assert api.post("/fields", sent).status_code == 422


def test_an_address_that_was_deleted_comes_back(api: Api) -> None:
    """As a new contact, or as the old id."""
    for switch, number in (("new_id", "2"), ("same_id", "2")):
        api.sync("a@b.com")
        api.delete("/contacts/1")
        api.delete("/contacts/2")
        api.switch(deleted_contact=switch)
        assert api.sync("A@b.com").json()["contact"]["id"] == number


def test_names_that_are_null(api: Api) -> None:
    """They erase, or do nothing."""
    for switch, name in (("ignored", "A"), ("erases", "")):
        api.switch(null_name=switch)
        api.sync("a@b.com", firstName="A")
        api.sync("a@b.com", firstName=None)
        assert api.contacts()[0]["first_name"] == name


@pytest.mark.parametrize(("how", "kept"), [("kept_empty", {"Plan": ""}), ("ignored", {"Plan": "Pro"}), ("removed", {})])
@pytest.mark.parametrize(("switch", "value"), [("empty_value", ""), ("null_value", None)])
def test_values_that_are_empty(api: Api, switch: str, value: str | None, how: str, kept: dict[str, str]) -> None:
    """A row with "", no change, or no row; "" and null apart."""
    plan = api.field("Plan")
    api.switch(**{switch: how})
    api.sync("a@b.com", fieldValues=[{"field": plan, "value": "Pro"}])

    api.sync("a@b.com", fieldValues=[{"field": plan, "value": value}])

    assert values(api) == kept


@pytest.mark.parametrize(("how", "kept"), [("kept_empty", {"Plan": ""}), ("ignored", {"Plan": "Pro"}), ("removed", {})])
def test_values_that_are_empty_in_bulk(api: Api, how: str, kept: dict[str, str]) -> None:
    """By a switch of their own."""
    plan = api.field("Plan")
    api.switch(bulk_empty_value=how)
    api.sync("a@b.com", fieldValues=[{"field": plan, "value": "Pro"}])

    api.imported({"email": "a@b.com", "fields": [{"id": plan, "value": ""}]})

    assert values(api) == kept


@pytest.mark.parametrize(("how", "kept"), [("erases", ""), ("ignored", "A")])
def test_names_that_are_empty_in_bulk(api: Api, how: str, kept: str) -> None:
    """They erase, or do nothing."""
    api.sync("a@b.com", firstName="A")
    api.switch(bulk_empty_name=how)

    api.imported({"email": "a@b.com", "first_name": ""})

    assert api.contacts()[0]["first_name"] == kept


def test_fields_that_do_not_exist(api: Api) -> None:
    """Ignored in silence, or refused with nothing kept."""
    assert api.sync("a@b.com", fieldValues=[{"field": "9", "value": "x"}]).status_code == 201
    api.switch(unknown_field="refused")
    answer = api.sync("b@b.com", fieldValues=[{"field": "9", "value": "x"}])
    assert (answer.status_code, len(api.contacts())) == (422, 1)


def test_choices(api: Api) -> None:
    """Anything is taken, or only options of the field."""
    plan = api.field("Plan", "listbox")
    options = [{"field": plan, "label": value, "value": value} for value in ("A", "B")]
    api.post("/fieldOption/bulk", {"fieldOptions": options})
    statuses = []
    for switch, value in (("any", "||C||"), ("checked", "||A||B||"), ("checked", "||A||C||"), ("checked", "")):
        api.switch(choices=switch)
        statuses.append(api.sync("a@b.com", fieldValues=[{"field": plan, "value": value}]).status_code)

    assert statuses == [201, 200, 422, 200]
    assert api.imported({"email": "b@b.com", "fields": [{"id": plan, "value": "C"}]})["failure"] == ["b@b.com"]
    assert len(api.contacts()) == 1


def test_the_length_of_text(api: Api) -> None:
    """Without an end, or cut."""
    plan = api.field("Plan")
    for limit, length in ((None, 5000), (255, 255)):
        api.switch(text_limit=limit)
        api.sync("a@b.com", firstName="x" * 5000, fieldValues=[{"field": plan, "value": "x" * 5000}])
        assert (len(values(api)["Plan"]), len(api.contacts()[0]["first_name"])) == (length, length)


@pytest.mark.parametrize(("how", "moved"), [("bumps", True), ("leaves", False)])
def test_a_sync_that_changes_nothing(api: Api, how: str, moved: bool) -> None:
    """It moves `udate`, or not; one that changes something always does."""
    plan = api.field("Plan")
    api.switch(unchanged_sync=how)
    same = {"firstName": "A", "fieldValues": [{"field": plan, "value": "Pro"}]}
    api.sync("a@b.com", **same)
    api.time.seconds = 60
    again = api.sync("a@b.com", **same).json()["contact"]
    api.time.seconds = 120
    other = api.sync("a@b.com", fieldValues=[{"field": plan, "value": "Free"}]).json()["contact"]

    assert (again["udate"] == "2026-03-01T07:01:00-05:00") == moved
    assert other["udate"] == "2026-03-01T07:02:00-05:00"


def test_tags_and_lists_inside_a_contact(api: Api) -> None:
    """Ignored; switched on they are added, and an unknown list refuses everything."""
    news = api.list("News")
    inline = {"tags": ["new", "New"], "lists": [{"list": int(news)}]}
    api.sync("a@b.com", **inline)
    before = api.contacts()[0]
    api.switch(inline_tags_and_lists=True)
    api.sync("a@b.com", **inline)
    refused = api.sync("b@b.com", lists=[{"list": 9}])

    assert (before["tags"], before["lists"]) == ([], {})
    assert (api.contacts()[0]["tags"], api.contacts()[0]["lists"]) == (["new"], {"News": 1})
    assert (refused.status_code, len(api.contacts())) == (404, 1)


def test_an_account_that_is_full(api: Api) -> None:
    """Off; switched on, a contact too many is 403, and the others can be changed."""
    api.switch(contact_limit=True)
    assert api.sync("a@b.com").status_code == 201
    answer = api.post("/contacts", {"contact": {"email": "b@b.com"}})
    assert (answer.status_code, "contact limit" in answer.json()["message"]) == (403, True)
    assert api.sync("a@b.com", firstName="A").status_code == 200


def test_deleting_an_option(api: Api) -> None:
    """It works, or fails as it once was recorded to."""
    plan = api.field("Plan", "dropdown")
    api.post("/fieldOption/bulk", {"fieldOptions": [{"field": plan, "label": "A", "value": "A"}]})
    changed = api.put("/fieldOptions/1", {"fieldOption": {"label": "B", "orderid": 3}}).json()["fieldOption"]
    api.switch(option_delete="masked_failure")
    masked = api.delete("/fieldOptions/1")
    api.switch(option_delete="works")

    assert (changed["label"], changed["value"], changed["orderid"]) == ("B", "A", "3")
    assert (masked.content, masked.headers["x-ac-error"]) == (b"", "Code 9001")
    assert api.delete("/fieldOptions/1").json() == {}
    assert api.delete("/fieldOptions/1").status_code == 404
