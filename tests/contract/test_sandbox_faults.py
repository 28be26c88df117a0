"""Everything the sandbox can be made to do wrong, and how it chooses when."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ac_pipeline.errors import SettingsError
from ac_pipeline.sandbox import Clock, Kind, Rule, SandboxConfig, read_rule, running
from ac_pipeline.sandbox.faults import Faults
from contract.sandbox_support import Api, sandbox


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with sandbox(tmp_path_factory.mktemp("sandbox"), rate=1000) as api:
        yield api


@pytest.fixture
def api(server: Api) -> Api:
    server.start_anew()
    return server


def logged(api: Api) -> list[dict[str, Any]]:
    """The log, oldest first."""
    return api.control("/sandbox/requests").json()["requests"][::-1]


ANSWERED = [
    ("throttled", 429, {"message": "Too Many Requests"}, {"retry-after": "7", "ratelimit-limit": "1000"}),
    ("payment_required", 402, {"message": "Payment Required"}, {}),
    ("forbidden", 403, {"message": "Forbidden"}, {}),
    ("not_found", 404, {"message": "No Result found for Subscriber with id 0"}, {}),
    ("unknown_4xx", 418, {"message": "Something the documentation does not know"}, {}),
]
EMPTY = [
    ("throttled_bare", 429, None),
    ("throttled_503", 503, None),
    ("forbidden_empty", 403, None),
    ("masked_failure", 200, "application/json"),
]
PAGES = [("login_page", 200), ("server_error", 500), ("bad_gateway", 502), ("unavailable", 503)]


@pytest.mark.parametrize(("kind", "status", "body", "headers"), ANSWERED)
def test_refusals_of_every_kind_write_nothing(
    api: Api, kind: str, status: int, body: dict[str, str], headers: dict[str, str]
) -> None:
    """Status, body and headers as the service has them."""
    api.fail({"kind": kind, "seconds": 7})

    answer = api.sync("a@b.com")

    assert (answer.status_code, answer.json()) == (status, body)
    assert headers.items() <= dict(answer.headers).items()
    assert api.contacts() == []
    assert [(row["fault"], row["status"]) for row in logged(api)] == [(kind, status)]


@pytest.mark.parametrize(("kind", "status", "content_type"), EMPTY)
def test_refusals_without_a_body(api: Api, kind: str, status: int, content_type: str | None) -> None:
    """Mostly without a content type either, and without Retry-After."""
    api.fail({"kind": kind})

    answer = api.sync("a@b.com")

    assert (answer.status_code, answer.content, answer.headers.get("content-type")) == (status, b"", content_type)
    assert "retry-after" not in answer.headers
    assert ("x-ac-error" in answer.headers) == (kind == "masked_failure")
    assert api.contacts() == []


@pytest.mark.parametrize(("kind", "status"), PAGES)
def test_pages_instead_of_json(api: Api, kind: str, status: int) -> None:
    """HTML, and nothing written."""
    api.fail({"kind": kind})

    answer = api.sync("a@b.com")

    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.startswith("<!DOCTYPE html>")
    assert api.contacts() == []


@pytest.mark.parametrize(
    ("kind", "code"), [("email_invalid", "email_invalid"), ("email_duplicate", "duplicate"), ("field_error", None)]
)
def test_refusals_of_one_contact(api: Api, kind: str, code: str | None) -> None:
    """422 with the code of the service."""
    api.fail({"kind": kind})

    answer = api.sync("a@b.com")

    assert (answer.status_code, answer.json()["errors"][0].get("code")) == (422, code)


def test_the_importers_own_refusal(api: Api) -> None:
    """400, whose text says that it is the rate."""
    api.fail({"kind": "bulk_throttled"})

    answer = api.bulk({"email": "a@b.com"}, {"email": "b@b.com"})

    assert (answer.status_code, answer.json()["message"]) == (400, "Rate limit exceeded.")
    assert answer.headers["content-type"] == "text/html; charset=UTF-8"
    assert logged(api)[0]["throttled"] is True


def test_answers_that_are_spoiled_took_effect(api: Api) -> None:
    """What was written stays written."""
    api.fail({"script": ["empty_answer", "ac_error_header", "json_as_html", "truncated", "gateway_timeout", None]})

    empty, marked, html, short, late, fine = (api.sync(f"c{number}@x.com") for number in range(6))

    assert (empty.status_code, empty.content, empty.headers["content-type"]) == (200, b"", "application/json")
    assert (marked.headers["x-ac-error"], marked.json()["contact"]["id"]) == ("Code 9001", "2")
    assert (html.headers["content-type"], html.json()["contact"]["id"]) == ("text/html; charset=UTF-8", "3")
    assert short.status_code == 201
    with pytest.raises(json.JSONDecodeError):
        short.json()
    assert (late.status_code, late.text.startswith("<!DOCTYPE html>")) == (504, True)
    assert (fine.status_code, "x-ac-error" in fine.headers, len(api.contacts())) == (201, False, 6)


def test_slow_answers_come_after_the_effect(api: Api) -> None:
    """The wait is the rule's."""
    api.fail({"kind": "slow", "seconds": 9})

    assert api.sync("a@b.com").status_code == 201

    assert api.time.slept == [9]
    assert logged(api)[0]["duration_ms"] == 9000


@pytest.mark.parametrize(
    ("kind", "error", "written"),
    [
        ("dropped_before", httpx.RemoteProtocolError, 0),
        ("dropped_after", httpx.RemoteProtocolError, 1),
        ("reset_before", httpx.ReadError, 0),
        ("reset_after", httpx.ReadError, 1),
        ("hangs_before", httpx.RemoteProtocolError, 0),
        ("hangs_after", httpx.RemoteProtocolError, 1),
        ("cut_off", httpx.RemoteProtocolError, 1),
    ],
)
def test_connections_end_before_or_after_the_effect(
    api: Api, kind: str, error: type[httpx.TransportError], written: int
) -> None:
    """The log knows of the request; no answer is status 0. The next request is fine."""
    api.fail({"kind": kind, "count": 1, "seconds": 30})
    api.time.slept.clear()

    with pytest.raises(error):
        api.sync("a@b.com")

    assert len(api.contacts()) == written
    assert (logged(api)[0]["fault"], logged(api)[0]["status"]) == (kind, 201 if kind == "cut_off" else 0)
    assert api.time.slept == ([30] if kind.startswith("hangs") else [])
    assert api.sync("b@b.com").status_code == 201


def test_an_answer_that_is_cut_off_has_begun(api: Api) -> None:
    """Status, headers and half of the body have arrived."""
    api.fail({"kind": "cut_off"})

    with api.http.stream("POST", "/contact/sync", json={"contact": {"email": "a@b.com"}}) as answer:
        assert answer.status_code == 201
        with pytest.raises(httpx.RemoteProtocolError, match="complete message body"):
            answer.read()

    assert 0 < answer.num_bytes_downloaded < int(answer.headers["content-length"])


def test_a_client_that_gives_up_ends_the_wait(tmp_path: Path) -> None:
    """The request took effect, nobody waits for the answer."""
    with (
        running(SandboxConfig(tmp_path / "s.db", faults=(Rule(Kind.HANGS_AFTER, count=1, seconds=3600),))) as started,
        httpx.Client(base_url=f"{started.url}/api/3", headers={"Api-Token": started.api_key}) as http,
    ):
        with pytest.raises(httpx.ReadTimeout):
            http.post("/contact/sync", json={"contact": {"email": "a@b.com"}}, timeout=0.2)
        assert http.get("/contacts").json()["meta"]["total"] == "1"


@pytest.mark.parametrize(("kind", "written"), [("restart_before", 0), ("restart_after", 1)])
def test_a_restart_resets_refuses_and_comes_back_with_what_was_on_disk(tmp_path: Path, kind: str, written: int) -> None:
    """Same port, same account; the rule does not fire again, the switches stay."""
    with sandbox(tmp_path, faults=(Rule(Kind(kind), count=1, after=1, seconds=0),)) as api:
        api.switch(totals="number")
        api.sync("a@b.com")

        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            api.sync("b@b.com")

        reachable(api)
        assert api.get("/contacts").json()["meta"]["total"] == 1 + written
        assert [row["status"] for row in logged(api)] == [201, 0, 200]


def test_a_restart_refuses_connections_while_it_lasts(tmp_path: Path) -> None:
    """For as long as the clock says."""
    refused, away = [], threading.Event()

    async def sleep(_seconds: float) -> None:
        with socket.socket() as probe:
            refused.append(probe.connect_ex(("127.0.0.1", started.port)) != 0)
        away.set()

    with running(SandboxConfig(tmp_path / "s.db"), clock=Clock(sleep=sleep)) as started:
        httpx.post(f"{started.url}/sandbox/restart?seconds=0.3")
        away.wait()
    assert all(refused)


def reachable(api: Api) -> None:
    """Wait until the server answers again."""
    for _ in range(1000):
        try:
            api.control("/sandbox/switches")
        except httpx.TransportError:
            continue
        return


def test_rules_fire_by_count_after_a_number_on_one_path(api: Api) -> None:
    """Requests that do not fit count for nothing; the state tells what was met and hit."""
    api.fail({"kind": "forbidden", "count": 2, "after": 1, "method": "POST", "path": "/contact/sync"})

    api.get("/contacts")
    statuses = [api.sync(f"c{number}@x.com").status_code for number in range(5)]

    assert statuses == [201, 403, 403, 201, 201]
    (state,) = api.control("/sandbox/faults").json()
    assert (state["kind"], state["met"], state["hit"]) == ("forbidden", 5, 2)


def test_scripts_are_played_once(api: Api) -> None:
    """One entry for each request that fits."""
    api.fail({"script": [None, "forbidden", None, "bad_gateway"]})

    assert [api.get("/users/me").status_code for _ in range(6)] == [200, 403, 200, 502, 200, 200]


def test_the_first_rule_that_fires_decides(api: Api) -> None:
    """The others see the requests it lets pass."""
    api.fail({"kind": "forbidden", "count": 1}, {"kind": "bad_gateway", "count": 1})

    assert [api.get("/users/me").status_code for _ in range(3)] == [403, 502, 200]


def test_a_rate_hits_about_that_share_and_the_same_requests_for_the_same_seed() -> None:
    """Another seed hits others."""

    def hits(seed: int) -> list[bool]:
        faults = Faults(seed, [Rule(Kind.FORBIDDEN, rate=0.1)])
        return [faults.choose("GET", "/contacts") is not None for _ in range(2000)]

    assert hits(1) == hits(1) != hits(2)
    assert 140 < sum(hits(1)) < 260


@given(
    rate=st.floats(0, 1),
    count=st.integers(0, 5),
    after=st.integers(0, 5),
    seed=st.integers(0, 9),
    total=st.integers(0, 30),
)
def test_no_rule_fires_too_early_or_too_often(rate: float, count: int, after: int, seed: int, total: int) -> None:
    """`after` first, `count` at most; a rate of 1 hits as many as it may."""
    faults = Faults(seed, [Rule(Kind.SLOW, rate=rate, count=count, after=after)])

    fired = [faults.choose("GET", "/") is not None for _ in range(total)]

    assert not any(fired[:after])
    assert sum(fired) <= count
    if rate == 1:
        assert sum(fired) == min(count, max(0, total - after))


def test_throttled_and_unauthorised_requests_meet_no_fault(tmp_path: Path) -> None:
    """They never got that far."""
    with sandbox(tmp_path, rate=1) as api:
        api.fail({"kind": "bad_gateway"})
        statuses = [api.get("/users/me").status_code for _ in range(2)]
        unknown = httpx.get(f"{api.sandbox.url}/api/3/users/me").status_code
        assert (statuses, unknown) == ([502, 429], 403)
        assert api.control("/sandbox/faults").json()[0]["met"] == 1


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("forbidden", Rule(Kind.FORBIDDEN)),
        ("throttled=0.1", Rule(Kind.THROTTLED, rate=0.1)),
        ("dropped_after*2@/contact/sync", Rule(Kind.DROPPED_AFTER, count=2, path="/contact/sync")),
    ],
)
def test_rules_can_be_written_short(text: str, rule: Rule) -> None:
    """For the command line."""
    assert read_rule(text) == rule


@pytest.mark.parametrize("text", ["", "nonsense", "throttled=2", "throttled=x", "slow*-1", "slow slow"])
def test_rules_written_wrongly_are_named(text: str) -> None:
    """With what would be right."""
    with pytest.raises(SettingsError):
        read_rule(text)


@pytest.mark.parametrize(
    "sent", [{}, "x", None, [{}], [{"kind": "nonsense"}], [{"kind": "slow", "rate": 2}], [{"kind": "slow", "x": 1}]]
)
def test_rules_sent_wrongly_change_nothing(api: Api, sent: object) -> None:
    """400 and a sentence."""
    api.fail({"kind": "forbidden"})

    answer = api.control("/sandbox/faults", "PUT", sent)

    assert answer.status_code == 400
    assert answer.json()["message"]
    assert api.get("/users/me").status_code == 403


def test_every_kind_can_be_asked_for(api: Api) -> None:
    """None of them breaks the server itself."""
    for kind in Kind:
        api.fail({"kind": kind, "count": 1, "seconds": 0})
        try:
            api.bulk({"email": "a@b.com"}, {"email": "b@b.com"})
        except httpx.TransportError:
            reachable(api)
        assert api.control("/sandbox/faults").json()[0]["hit"] == 1
    api.control("/sandbox/faults", "DELETE")
    assert api.get("/users/me").status_code == 200
