"""Bulk import of the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contract.sandbox_support import Api, sandbox

MESSAGE = (
    "JSON payload did not pass validation. Please fix failureReasons and retry."
    " The import was not queued for processing."
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with sandbox(tmp_path_factory.mktemp("sandbox"), bulk_rate=1_000_000, bulk_single_rate=1_000_000) as api:
        yield api


@pytest.fixture
def api(server: Api) -> Api:
    server.start_anew()
    return server


def test_an_import_is_queued_as_html_that_is_json(api: Api) -> None:
    """Nothing is there yet; a switch gives the right content type."""
    answer = api.bulk({"email": "a@b.com"}, {"email": "b@b.com"})

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=UTF-8")
    assert list(answer.json()) == ["success", "queued_contacts", "batchId", "message"]
    assert (answer.json()["success"], answer.json()["queued_contacts"]) == (1, 2)
    assert len(answer.json()["batchId"]) == 36
    assert api.contacts() == []
    api.switch(bulk_content_type="application/json")
    assert api.bulk({"email": "a@b.com"}).headers["content-type"] == "application/json"


def test_status_goes_from_false_to_completed(api: Api) -> None:
    """By the clock; what was imported has the time at which it was due."""
    number = api.bulk({"email": "a@b.com"}).json()["batchId"]
    seen = []
    for second in (0, 0.9, 1, 3, 5, 5.9, 6, 60):
        api.time.seconds = second
        seen.append(api.get("/import/info", batchId=number).json()["status"])

    assert seen == [False, False, "waiting", "claimed", "active", "active", "completed", "completed"]
    assert api.get("/import/info", batchId=number).json() == {"status": "completed", "success": ["1"], "failure": []}
    assert api.contacts()[0]["created_at"] == "2026-03-01T12:00:06+00:00"


def test_everything_a_row_can_say_is_done(api: Api) -> None:
    """Names in snake case, tags by name, fields by id, lists, the company; camel case is dropped."""
    plan, interests, news, offers = api.field("Plan"), api.field("I", "listbox"), api.list("News"), api.list("Offers")
    api.tag("VIP")
    row = {
        "email": "a@b.com",
        "first_name": "A",
        "lastName": "dropped",
        "phone": 123,
        "customer_acct_name": "Acme",
        "tags": ["vip", "two words"],
        "fields": [{"id": int(plan), "value": "Pro"}, {"id": interests, "value": "x"}, {"id": 99, "value": "x"}],
        "subscribe": [{"listid": int(news)}, {"listid": 99}],
        "unsubscribe": [{"listid": offers}],
    }

    assert api.imported(row)["success"] == ["1"]

    (contact,) = api.contacts()
    assert (contact["first_name"], contact["last_name"], contact["phone"]) == ("A", "", "123")
    assert contact["fields"] == {"Plan": "Pro", "I": "||x||"}
    assert (contact["tags"], contact["lists"]) == (["VIP", "two words"], {"News": 1, "Offers": 2})
    read = api.get("/contacts/1").json()
    assert (read["contact"]["orgid"], read["contact"]["orgname"]) == ("1", "Acme")
    assert (read["contact"]["accountContacts"], read["accountContacts"][0]["account"]) == (["1"], "1")
    assert api.get("/tags", search="two").json()["tags"][0]["tagType"] == "contact"


def test_known_contacts_are_updated_and_what_is_absent_stays(api: Api) -> None:
    """Matched by address without case; the last of two rows with one address wins."""
    plan = api.field("Plan")
    api.sync("A@b.com", firstName="A", lastName="B", fieldValues=[{"field": plan, "value": "Pro"}])

    info = api.imported({"email": "a@b.com", "first_name": "X"}, {"email": "a@B.com", "first_name": "Y"})

    assert info["success"] == ["1", "1"]
    (contact,) = api.contacts()
    assert (contact["email"], contact["first_name"], contact["last_name"]) == ("A@b.com", "Y", "B")
    assert contact["fields"] == {"Plan": "Pro"}


def test_one_bad_row_refuses_them_all_and_every_bad_row_is_named(api: Api) -> None:
    """Rows count from 1."""
    answer = api.bulk({"email": "a@b.com"}, {"first_name": "x"}, {"email": "no"}, {"email": 5}, {"email": "b@b.com"})

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "text/html; charset=UTF-8"
    assert answer.json() == {
        "success": 0,
        "message": MESSAGE,
        "failureReasons": [
            {"contact": 2, "failureReason": "Field 'email' not found"},
            {"contact": 3, "failureReason": "Field 'email' incorrect format"},
            {"contact": 4, "failureReason": "Field 'email' incorrect format"},
        ],
    }
    api.time.seconds = 10
    assert api.contacts() == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
def test_what_is_no_json_is_said_so(api: Api, body: bytes) -> None:
    """Reasons are text here."""
    answer = api.http.post("/import/bulk_import", content=body)

    assert (answer.status_code, answer.json()["failureReasons"]) == (400, ["Invalid or unparsable json"])


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"contacts": []},
        {"contacts": {}},
        {"contacts": [{"email": f"c{number}@x.com"} for number in range(251)]},
        {"contacts": [{"email": "a@b.com", "first_name": "x" * 400_000}]},
        {"contacts": [{"email": "a@b.com"}], "callback": {"url": "https://x.com"}},
    ],
    ids=["nothing", "no rows", "no array", "251 rows", "400,000 bytes", "half a callback"],
)
def test_imports_that_cannot_be_are_refused(api: Api, sent: dict[str, Any]) -> None:
    """As a whole."""
    answer = api.post("/import/bulk_import", sent)

    assert (answer.status_code, answer.json()["success"]) == (400, 0)
    assert all(isinstance(reason, str) for reason in answer.json()["failureReasons"])


def test_250_rows_just_below_the_size_are_taken(api: Api) -> None:
    """399,999 bytes at most."""
    head = b'{"contacts":[{"email":"a@b.com"' + b',"x":"' + b'"}' + b"]}"
    body = head.replace(b'"x":"', b'"x":"' + b"x" * (399_999 - len(head)))

    assert len(body) == 399_999
    assert api.http.post("/import/bulk_import", content=body).status_code == 200
    assert api.http.post("/import/bulk_import", content=body + b" ").status_code == 400


def test_a_row_for_somebody_who_left_fails_whole_or_skips_the_list(api: Api) -> None:
    """By default nothing of the row is kept, and nobody is taken back either way."""
    news = api.list("News")
    api.sync("a@b.com")
    api.post("/contactLists", {"contactList": {"contact": 1, "list": news, "status": 2}})
    rows = [{"email": "a@b.com", "first_name": "A", "subscribe": [{"listid": news}]}, {"email": "b@b.com"}]

    first = api.imported(*rows)
    before = api.contacts()[0]
    api.switch(bulk_unsubscribed="list_skipped")
    second = api.imported(*rows)

    assert (first["success"], first["failure"]) == (["2"], ["a@b.com"])
    assert (before["first_name"], before["lists"]) == ("", {"News": 2})
    assert (second["success"], second["failure"]) == (["1", "2"], [])
    assert (api.contacts()[0]["first_name"], api.contacts()[0]["lists"]) == ("A", {"News": 2})


def test_who_bounced_is_not_imported(api: Api) -> None:
    """The address comes back as failed."""
    news = api.list("News")
    api.sync("a@b.com")
    api.post("/contactLists", {"contactList": {"contact": 1, "list": news, "status": 3}})

    assert api.imported({"email": "a@b.com", "first_name": "A"})["failure"] == ["a@b.com"]
    assert api.contacts()[0]["first_name"] == ""


@pytest.mark.parametrize(
    ("kind", "phrase"), [("exact", "A@x.com"), ("end", "@x.com"), ("begin", "a@"), ("contains", "@X")]
)
def test_excluded_addresses_are_not_queued(api: Api, kind: str, phrase: str) -> None:
    """More rows than were queued, as documented; they count as failed."""
    api.control("/sandbox/exclusions", "POST", {"matchPhrase": phrase, "matchType": kind}).raise_for_status()

    answer = api.bulk({"email": "a@x.com"}, {"email": "b@y.com"}).json()
    api.time.seconds = 10

    assert (answer["success"], answer["queued_contacts"]) == (2, 1)
    info = api.get("/import/info", batchId=answer["batchId"]).json()
    assert (info["success"], info["failure"]) == (["1"], ["a@x.com"])
    assert api.get("/lists/exclusions").json()["exclusions"][0]["matchPhrase"] == phrase
    assert api.get("/lists/exclusions/9").status_code == 404


def test_rows_beyond_the_contact_limit_fail(tmp_path: Path) -> None:
    """Updates go on."""
    with sandbox(tmp_path, subscriber_limit=1) as api:
        api.switch(contact_limit=True)

        info = api.imported({"email": "a@b.com"}, {"email": "b@b.com"}, {"email": "a@b.com", "first_name": "A"})

        assert (info["success"], info["failure"]) == (["1", "1"], ["b@b.com"])


def test_a_share_of_rows_can_be_made_to_fail_the_same_way_each_time(tmp_path: Path) -> None:
    """By seed."""
    failures = []
    for seed in (1, 1, 2):
        folder = tmp_path / str(len(failures))
        with sandbox(folder, seed=seed) as api:
            api.switch(bulk_row_failures=0.5)
            failures.append(api.imported(*({"email": f"c{number}@x.com"} for number in range(50)))["failure"])

    assert failures[0] == failures[1] != failures[2]
    assert 10 < len(failures[0]) < 40


@pytest.mark.parametrize(
    ("kind", "status", "count"), [("bulk_failed", "failed", 0), ("bulk_interrupted", "interrupted", 2)]
)
def test_an_import_can_end_badly(api: Api, kind: str, status: str, count: int) -> None:
    """Nothing of it is done, or half."""
    api.fail({"kind": kind})

    info = api.imported(*({"email": f"c{number}@x.com"} for number in range(4)))

    assert (info["status"], len(info["success"]), len(api.contacts())) == (status, count, count)


def test_success_has_all_ids_or_those_of_new_contacts(api: Api) -> None:
    """Sources disagree."""
    api.sync("a@b.com")

    assert api.imported({"email": "a@b.com"}, {"email": "b@b.com"})["success"] == ["1", "2"]
    api.switch(bulk_success="created")
    assert api.imported({"email": "a@b.com"}, {"email": "c@b.com"})["success"] == ["3"]


def test_asking_for_no_batch_or_an_unknown_one(api: Api) -> None:
    """400, and false for ever; batches can be forgotten after a while."""
    missing, unknown = api.get("/import/info"), api.get("/import/info", batchId="x")
    number = api.bulk({"email": "a@b.com"}).json()["batchId"]

    assert (missing.status_code, missing.json()) == (400, {"success": 0, "message": "'batchId' is a required field."})
    assert (unknown.status_code, unknown.json()) == (200, {"status": False, "success": [], "failure": []})
    api.switch(unknown_batch="not_found", batch_kept=60)
    api.time.seconds = 66
    assert api.get("/import/info", batchId=number).json()["status"] == "completed"
    api.time.seconds = 67
    assert api.get("/import/info", batchId=number).status_code == 404


def test_imports_are_counted_by_day(api: Api) -> None:
    """As text; those that are done for seven days."""
    api.bulk({"email": "a@b.com"}, {"email": "b@b.com"})
    before = api.get("/import/bulk_import").json()
    api.time.seconds = 10
    api.bulk({"email": "c@b.com"})
    after = api.get("/import/bulk_import").json()
    api.time.seconds = 8 * 24 * 3600

    assert before == {
        "outstanding": [{"forDate": "2026-03-01", "batches": "1", "contacts": "2"}],
        "recentlyCompleted": [],
    }
    assert after["recentlyCompleted"] == before["outstanding"]
    assert after["outstanding"] == [{"forDate": "2026-03-01", "batches": "1", "contacts": "1"}]
    assert api.get("/import/bulk_import").json() == {"outstanding": [], "recentlyCompleted": []}


@pytest.mark.parametrize(("rows", "allowed"), [(1, 20), (2, 100)])
def test_the_importer_has_its_own_limit(tmp_path: Path, rows: int, allowed: int) -> None:
    """Single contacts and batches are counted apart; 400 it is, and it counts as throttled."""
    contacts = [{"email": f"c{number}@x.com"} for number in range(rows)]
    with sandbox(tmp_path) as api:
        statuses = [api.bulk(*contacts).status_code for _ in range(allowed + 1)]
        refused = api.bulk(*contacts)
        other = api.bulk(*contacts, {"email": "z@x.com"}) if rows == 1 else api.bulk(contacts[0])
        api.time.seconds = 60
        later = api.bulk(*contacts)
        log = api.control("/sandbox/requests").json()

    assert statuses == [200] * allowed + [400]
    assert refused.json()["message"] == "Rate limit exceeded."
    assert refused.json()["failureReasons"][0].startswith(f"Up to {allowed} imports")
    assert (other.status_code, later.status_code, log["throttled"]) == (200, 200, 2)


def test_imports_count_against_the_accounts_rate_unless_told_not_to(tmp_path: Path) -> None:
    """Nobody knows."""
    with sandbox(tmp_path, rate=1) as api:
        assert [api.bulk({"email": "a@b.com"}).status_code for _ in range(2)] == [200, 429]
        api.switch(bulk_shares_rate=False)
        assert [api.bulk({"email": "a@b.com"}).status_code for _ in range(2)] == [200, 200]


def test_a_queued_import_survives_a_restart(tmp_path: Path) -> None:
    """It is done when its time comes."""
    with sandbox(tmp_path) as api:
        number = api.bulk({"email": "a@b.com"}).json()["batchId"]
    with sandbox(tmp_path) as api:
        assert api.contacts() == []
        api.time.seconds = 10
        assert api.get("/import/info", batchId=number).json()["success"] == ["1"]
        assert api.bulk({"email": "b@b.com"}).json()["batchId"] != number
