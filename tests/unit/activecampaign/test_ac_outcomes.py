"""What follows from each reply to an update of a contact, over real connections."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ac_pipeline.activecampaign import Timeouts
from ac_pipeline.activecampaign.outcomes import ROWS, decide
from ac_pipeline.activecampaign.reply import Reply, Sign
from ac_pipeline.errors import OwnerMustAct, ServiceUnavailable
from ac_pipeline.model.delivery import Answer, Outcome
from unit.activecampaign.ac_connection import BODY, CONTACT, KEY, talk
from unit.activecampaign.scripted_server import Reset, Say, Silence, Step, scripted
from unit.activecampaign.simulated_time import FakeTime

PAGE = b"<!DOCTYPE html><html><title>Login</title></html>"
OK, NO = Outcome.ACKNOWLEDGED, Outcome.REJECTED
UNKNOWN, NOT_SENT = Outcome.UNKNOWN, Outcome.NOT_SENT


def error(**fields: object) -> dict[str, object]:
    return {"errors": [fields]}


INVALID = error(title="Contact Email Address is not valid.", code="email_invalid", error="must_be_valid")
DUPLICATE = error(title="Email address already exists in the system.", code="duplicate")
POINTED = error(title="No.", source={"pointer": "/data/attributes/phone"})

# What always comes: outcome, reason, error that stops the run, requests until then.
CASES: dict[str, tuple[Step, Outcome, str, type[Exception] | None, int]] = {
    "created": (Say(201, CONTACT), OK, "", None, 1),
    "updated": (Say(200, CONTACT), OK, "", None, 1),
    "JSON as text/html": (Say(200, CONTACT, content_type="text/html; charset=UTF-8"), OK, "", None, 1),
    "page as success": (Say(200, PAGE, content_type="text/html"), UNKNOWN, "success with a page", OwnerMustAct, 3),
    "page as JSON": (Say(200, PAGE), UNKNOWN, "success with a page", OwnerMustAct, 3),
    "empty success": (Say(200), UNKNOWN, "success without a body", None, 3),
    "masked failure": (Say(200, headers={"X-Ac-Error": "Code 9001"}), UNKNOWN, "success with X-Ac-Error", None, 3),
    "masked with body": (Say(200, CONTACT, {"X-Ac-Error": "9001"}), UNKNOWN, "success with X-Ac-Error", None, 3),
    "cut JSON": (Say(200, b'{"contact":{"id"'), UNKNOWN, "unreadable success", None, 3),
    "JSON without contact": (Say(200, {}), UNKNOWN, "unreadable success", None, 3),
    "JSON list": (Say(200, []), UNKNOWN, "unreadable success", None, 3),
    "cut transfer": (Say(200, b'{"contact"', cut=50), UNKNOWN, "no answer", None, 4),
    "redirect": (Say(302, headers={"Location": "/login"}), UNKNOWN, "redirected", OwnerMustAct, 3),
    "400": (Say(400, error(status=400, title="Bad Request")), NO, "http 400", None, 1),
    "400 pointer": (Say(400, POINTED), NO, "attribute phone", None, 1),
    "401": (Say(401), NOT_SENT, "http 401", OwnerMustAct, 3),
    "402": (Say(402), NOT_SENT, "http 402", OwnerMustAct, 3),
    "403 without type": (Say(403, content_type=None), NOT_SENT, "http 403", OwnerMustAct, 3),
    "403 in JSON": (Say(403, {"message": "Forbidden"}), NOT_SENT, "http 403", OwnerMustAct, 3),
    "404": (Say(404, {"message": "No Result found for Subscriber with id 17"}), NO, "not found", None, 1),
    "404 page": (Say(404, PAGE, content_type="text/html"), NOT_SENT, "page not found", OwnerMustAct, 3),
    "408": (Say(408), UNKNOWN, "http 408", None, 4),
    "418": (Say(418, b"short and stout", content_type="text/plain"), NO, "http 418", None, 1),
    "422 email": (Say(422, INVALID), NO, "email_invalid", None, 1),
    "422 duplicate": (Say(422, DUPLICATE), NO, "duplicate", None, 1),
    "422 pointer": (Say(422, POINTED), NO, "attribute phone", None, 1),
    "422 text": (Say(422, {"errors": "Bulk operation failed."}), NO, "http 422", None, 1),
    "500": (Say(500, {"message": "oops"}), UNKNOWN, "http 500", None, 4),
    "502 page": (Say(502, PAGE, content_type="text/html"), UNKNOWN, "http 502", None, 4),
    "504": (Say(504), UNKNOWN, "http 504", None, 4),
    "reset before reading": (Reset(after_reading=False), UNKNOWN, "no answer", None, 4),
    "reset after reading": (Reset(after_reading=True), UNKNOWN, "no answer", None, 4),
}


def sync(url: str, **options: object) -> Answer:
    return talk(url, lambda client: client.sync_contact(BODY), **options)


@pytest.mark.parametrize("case", CASES)
def test_each_reply_has_its_outcome(case: str) -> None:
    """Outcome, reason, stop and number of requests are those of the table."""
    step, outcome, reason, stop, requests = CASES[case]
    with scripted(then=step) as server:
        answer = sync(server.url)
    assert (answer.outcome, answer.reason, len(server.seen)) == (outcome, reason, requests)
    assert type(answer.stop) is (stop or type(None))
    assert answer.remote_id == ("17" if outcome is OK else None)


@pytest.mark.parametrize(
    "trouble",
    [Say(500), Say(403), Say(200), Say(429), Say(503), Say(200, PAGE),
     Reset(after_reading=True), Reset(after_reading=False)],
)  # fmt: skip
def test_trouble_that_passes_ends_in_a_success(trouble: Step) -> None:
    """One bad reply of any retryable kind costs one more request and nothing else."""
    with scripted(trouble, then=Say(200, CONTACT)) as server:
        answer = sync(server.url)
    assert answer == Answer(OK, 200, "", "17")
    assert len(server.seen) == 2


def test_no_answer_in_time_is_unknown() -> None:
    """A server that reads and keeps silent may have done what was asked."""
    with scripted(then=Silence()) as server:
        answer = sync(server.url, timeouts=Timeouts(2, 0.05, 5))
    assert (answer.outcome, answer.status, answer.stop, len(server.seen)) == (UNKNOWN, None, None, 4)


def test_a_reply_that_never_ends_is_cut_off() -> None:
    """The time for a whole exchange is bounded, even while the connection lives."""
    with scripted(then=Silence()) as server:
        answer = sync(server.url, timeouts=Timeouts(2, 60, 0.05))
    assert (answer.outcome, answer.reason) == (UNKNOWN, "no answer")


def test_a_refused_connection_is_not_sent() -> None:
    """Nothing left, so nothing is in doubt, and the run stops."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        answer = sync(f"http://127.0.0.1:{closed.getsockname()[1]}")
    assert (answer.outcome, answer.status, answer.reason) == (NOT_SENT, None, "no connection")
    assert type(answer.stop) is ServiceUnavailable


def test_a_host_without_an_address_is_not_sent() -> None:
    """A failure of DNS is tried again, and then stops the run for a later one."""
    time = FakeTime()
    answer = talk("https://account.invalid", lambda client: client.sync_contact(BODY), time)
    assert (answer.outcome, answer.reason) == (NOT_SENT, "no connection")
    assert type(answer.stop) is ServiceUnavailable
    assert len([wait for wait in time.slept if wait > 0.4]) > 1


@contextmanager
def unresponsive() -> Iterator[str]:
    """A port whose queue of connections is full: the handshake is never answered."""
    with socket.socket() as listening, socket.socket() as first, socket.socket() as second:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_a_connection_that_times_out_is_not_sent() -> None:
    """A connect timeout means that nothing was written."""
    with unresponsive() as url:
        answer = sync(url, timeouts=Timeouts(0.05, 1, 5))
    assert (answer.outcome, answer.reason) == (NOT_SENT, "no connection")


@pytest.mark.parametrize("last", [Say(403), Say(429, headers={"Retry-After": "99999"})])
def test_a_doubtful_attempt_stays_doubtful(last: Step) -> None:
    """After an attempt that may have worked, a refusal of its repetition does not prove that it did not."""
    with scripted(Reset(after_reading=True), then=last) as server:
        answer = sync(server.url)
    assert answer.outcome is UNKNOWN
    assert answer.stop is not None


def test_an_update_by_id_is_a_put_with_the_body_as_given() -> None:
    """PUT goes to the contact's own path, with key and type, and its id is escaped."""
    with scripted(then=Say(200, CONTACT)) as server:
        answer = talk(server.url, lambda client: client.update_contact("17/../1", BODY))
    seen = server.seen[0]
    assert (answer.outcome, seen.method, seen.target, seen.body) == (OK, "PUT", "/api/3/contacts/17%2F..%2F1", BODY)
    assert (seen.headers["api-token"], seen.headers["content-type"]) == (KEY, "application/json")


def test_numeric_ids_become_text() -> None:
    """The service gives ids as text or as numbers; the ledger keeps text."""
    with scripted(then=Say(200, {"contact": {"id": 17}})) as server:
        assert sync(server.url).remote_id == "17"


@pytest.mark.parametrize(
    ("step", "unexplained"),
    [(CASES["400"][0], True), (CASES["418"][0], True), (CASES["422 text"][0], True), (CASES["422 email"][0], False),
     (CASES["422 pointer"][0], False), (CASES["404"][0], False), (CASES["403 in JSON"][0], False), (Say(500), False),
     (Say(409, error(code="conflict")), True), (Say(200, CONTACT), False)],
)  # fmt: skip
def test_refusals_that_nobody_describes_are_marked(step: Step, unexplained: bool) -> None:
    """A 422 with a code and a contact that is gone are known; other refusals are not."""
    with scripted(then=step) as server:
        assert sync(server.url).unexplained is unexplained


def test_cookies_are_not_kept() -> None:
    """The service sets cookies on each reply, and none comes back."""
    with scripted(then=Say(200, CONTACT, {"Set-Cookie": "PHPSESSID=abc; path=/"})) as server:
        talk(server.url, _twice)
    assert ["cookie" in request.headers for request in server.seen] == [False, False]


async def _twice(client: object) -> None:
    for _ in range(2):
        await client.sync_contact(BODY)


def test_requests_are_counted_by_endpoint() -> None:
    """Repeated and throttled requests count; ids are no part of the name."""

    async def use(client: object) -> object:
        await client.sync_contact(BODY)
        await client.update_contact("17", BODY)
        return client.requests

    with scripted(Say(500), Say(429), then=Say(200, CONTACT)) as server:
        counts = talk(server.url, use)
    assert counts == {"POST /contact/sync": 3, "PUT /contacts/{id}": 1}


def test_the_table_leaves_no_gap() -> None:
    """Every status with every sign has a row, only a whole 2xx is a success, and each row names its source."""
    complete = [Sign.OBJECT, Sign.PAGE, Sign.EMPTY, Sign.BROKEN, Sign.MASKED]
    rows = {(status, sign): decide(Reply(status, sign)) for status in range(1000) for sign in complete}
    rows |= {(None, sign): decide(Reply(None, sign)) for sign in (Sign.NOT_WRITTEN, Sign.UNANSWERED)}
    accepted = {case for case, row in rows.items() if row.outcome is OK}
    assert accepted == {(status, Sign.OBJECT) for status in range(200, 300)}
    assert all(row.source for row in ROWS)
