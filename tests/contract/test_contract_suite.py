"""The contract suite itself: whom it refuses, what it leaves behind, what it notices."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from ac_pipeline.sandbox.api import ENDPOINTS
from ac_pipeline.sandbox.routing import Routes
from contract.accounts import KEY, URL, Pace, existing, opened
from contract.desk import DOMAIN, NAME, Desk, Stranger
from contract.openapi import OPERATIONS, contradictions, differences
from contract.sandbox_support import fill, sandbox


@contextmanager
def desk_at(folder: Path) -> Iterator[Desk]:
    with (
        opened("sandbox", folder) as account,
        httpx.Client(base_url=f"{account.url}/api/3", headers={"Api-Token": account.key}) as http,
    ):
        yield Desk(account, http)


def state(desk: Desk) -> dict[str, list[dict[str, object]]]:
    assert desk.account.control is not None
    return desk.account.control("/sandbox/dump").json()


@pytest.mark.parametrize("position", [0, 150])
def test_an_account_with_somebody_elses_contact_is_refused_untouched(tmp_path: Path, position: int) -> None:
    """On the first page or on a later one; not even what the suite left there is deleted."""
    with desk_at(tmp_path) as desk:
        for number in range(position):
            desk.http.post("/contact/sync", json={"contact": {"email": f"left-{number}@{DOMAIN}"}})
        desk.http.post("/contact/sync", json={"contact": {"email": "somebody@else.example"}})
        before = state(desk)

        with pytest.raises(Stranger):
            Desk(desk.account, desk.http).clean_up_after_earlier_runs()

        assert state(desk) == before


def test_what_an_earlier_run_left_is_deleted_and_nothing_else(tmp_path: Path) -> None:
    """By address and by name."""
    with desk_at(tmp_path) as desk:
        desk.contact()
        desk.list()
        desk.field()
        desk.tag()
        desk.http.post("/tags", json={"tag": {"tag": "Mine", "tagType": "contact"}})
        desk.http.post("/fields", json={"field": {"title": "Mine", "type": "text"}})

        Desk(desk.account, desk.http).clean_up_after_earlier_runs()

        left = state(desk)
    assert (left["contacts"], left["lists"]) == ([], [])
    assert ([row["tag"] for row in left["tags"]], [row["title"] for row in left["fields"]]) == (["Mine"], ["Mine"])


def test_a_desk_leaves_nothing_behind(tmp_path: Path) -> None:
    """Whatever was created through it, twice or once."""
    with desk_at(tmp_path) as desk:
        contact, tag = desk.contact(), desk.tag()
        desk.post("/contact/sync", {"contact": {"email": contact["email"]}})
        desk.post("/contactTags", {"contactTag": {"contact": contact["id"], "tag": tag["id"]}})
        desk.list()
        desk.field()
        desk.clean()
        left = state(desk)

    for table in ("contacts", "tags", "lists", "fields", "webhooks"):
        assert left[table] == []


def test_names_and_addresses_are_recognised_later() -> None:
    """By whoever cleans up."""
    desk = Desk(None, None)  # type: ignore[arg-type]

    assert desk.email().endswith(f"@{DOMAIN}")
    assert desk.name("tag").startswith(NAME)


def test_a_real_account_is_collected_only_when_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """By both of its own variables, and by no others."""
    monkeypatch.delenv(URL, raising=False)
    monkeypatch.setenv(KEY, "k")
    monkeypatch.setenv("ACTIVECAMPAIGN_API_URL", "https://example.api-us1.com")
    assert existing() == ["sandbox"]
    monkeypatch.setenv(URL, "https://example.api-us1.com")
    assert existing() == ["sandbox", "real"]


@pytest.mark.parametrize("end", ["", "/", "/api/3", "/api/3/"])
def test_a_real_account_is_named_in_any_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    """Its key is in no repr, and it is not controlled."""
    monkeypatch.setenv(URL, f"https://example.api-us1.com{end}")
    monkeypatch.setenv(KEY, "planted-key")

    with opened("real", tmp_path) as account:
        assert (account.url, account.control) == ("https://example.api-us1.com", None)
        assert "planted-key" not in repr(account)


def test_requests_to_a_real_account_are_spaced() -> None:
    """Whoever sends them."""
    now = 0.0
    sent = []

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    pace = Pace(4.0, lambda: now, sleep)
    for busy in (0.0, 0.0, 0.1, 1.0, 0.0):
        now += busy
        pace()
        sent.append(now)

    assert sent == [0, 0.25, 0.5, 1.5, 1.75]


def answer(method: str, path: str, status: int, body: object, sent: object = None) -> httpx.Response:
    request = httpx.Request(method, f"https://x.example/api/3{path}", json=sent)
    return httpx.Response(status, json=body, request=request)


@pytest.mark.parametrize(
    ("given", "difference"),
    [
        (answer("GET", "/tags/1", 200, {"tag": {}}), "GET /tags/{id} 200: tag.links is missing"),
        (answer("GET", "/tags/1", 200, {"tag": {"id": 1}}), "GET /tags/{id} 200: tag.id is a number"),
        (answer("GET", "/tags/1", 299, {}), "GET /tags/{id} 299: not described"),
        (answer("GET", "/tags?color=red", 200, {"tags": []}), "GET /tags ?color: not described"),
        (answer("POST", "/lists", 200, {}, {"list": {"name": 1}}), "POST /lists sent list.name is a number"),
        (answer("POST", "/lists", 200, {}, {"list": {}}), "POST /lists sent list.sender_url is missing"),
    ],
)
def test_differences_from_the_description_are_noticed(given: httpx.Response, difference: str) -> None:
    """Missing keys, other types, undescribed statuses and parameters, in both directions."""
    assert difference in differences(given)
    assert difference in contradictions(given)


def test_what_is_known_to_contradict_the_description_is_let_pass() -> None:
    """As recorded: 201 instead of 200."""
    given = answer("POST", "/lists", 201, {})

    assert "POST /lists 201: not described" in differences(given)
    assert contradictions(given) == []


def test_every_read_of_the_sandbox_has_the_keys_of_the_description(tmp_path: Path) -> None:
    """Of an account with something in every table."""
    with sandbox(tmp_path) as api:
        fill(api)
        for operation in OPERATIONS:
            method, _, path = operation.partition(" ")
            if method == "GET":
                for name, value in (
                    ("email", "admin@sandbox.example"),
                    ("username", "admin"),
                    ("id", "1"),
                    ("groupID", "1"),
                ):
                    path = path.replace(f"{{{name}}}", value)
                answer = api.get(path, **({"batchId": "x"} if path == "/import/info" else {}))
                assert (operation, answer.status_code, contradictions(answer)) == (operation, 200, [])


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_sandbox_has_every_operation_of_the_description(operation: str) -> None:
    """Under the same path."""
    method, _, path = operation.partition(" ")

    assert Routes(ENDPOINTS).match(method, path.replace("{", "").replace("}", "")).template != "(unknown)"
