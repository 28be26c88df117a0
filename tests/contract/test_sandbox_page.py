"""The sandbox's page: what a marketer sees of what arrived, and what can be made to go wrong there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from ac_pipeline.sandbox.faults import Kind
from ac_pipeline.sandbox.page.kinds import KINDS
from contract.sandbox_support import Api, sandbox

SCRIPT = "<script>alert(1)</script>"
PAGES = ("/", "/contact/1", "/requests", "/faults")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with sandbox(tmp_path_factory.mktemp("sandbox")) as api:
        yield api


@pytest.fixture
def api(server: Api) -> Api:
    server.start_anew()
    return server


def post(api: Api, headers: dict[str, str] | None = None, **form: str) -> httpx.Response:
    """Send the form of the faults' page, as a browser does."""
    sent = {"Origin": api.sandbox.url, "Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
    return httpx.post(f"{api.sandbox.url}/faults", content=urlencode(form), headers=sent)


def written(api: Api, contact: int = 1) -> list[tuple[str, ...]]:
    """Return the rows of what was written to a contact, newest first; times left out."""
    html = api.control(f"/contact/{contact}").text.split("What was written")[-1]
    rows = re.findall(r"<tr>((?:<td>.*?</td>)+)</tr>", html)
    return [tuple(re.sub("<.*?>", "", cell) for cell in re.findall(r"<td>(.*?)</td>", row)[1:]) for row in rows]


def test_the_page_escapes_what_it_shows(api: Api) -> None:
    """Names, values, titles, tags, lists, the search itself, and what is wrong with a fault."""
    field = api.field(f"{SCRIPT} title")
    api.sync("a@b.com", firstName=SCRIPT, lastName='"><img src=x>', fieldValues=[{"field": field, "value": SCRIPT}])
    api.post("/contactTags", {"contactTag": {"contact": 1, "tag": api.tag(SCRIPT)}})
    api.post("/contactLists", {"contactList": {"contact": 1, "list": api.list(SCRIPT), "status": 1}})

    texts = [
        api.control(path).text for path in (*PAGES, f"/?search={SCRIPT}", '/?search="><img', f"/requests?x={SCRIPT}")
    ]
    texts.append(post(api, kind=SCRIPT).text)
    for html in texts:
        assert html.count("<script") == 1, "the page's own"
        assert "<img" not in html
    assert api.control("/contact/1").text.count("&lt;script&gt;") >= 6


def test_the_page_needs_nothing_from_elsewhere(api: Api) -> None:
    """And tells the browser so: its own style and script by their digests, no frame, forms and reads to itself only."""
    api.sync("a@b.com")

    for path in PAGES:
        answer = api.control(path)
        policy = dict(rule.split(" ", 1) for rule in answer.headers["content-security-policy"].split("; "))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert policy["connect-src"] == policy["form-action"] == "'self'"
        assert policy["script-src"].startswith("'sha256-")
        assert policy["style-src"].startswith("'sha256-")
        assert not re.search(
            r"""(src|href|action)=["'](?!/)|https?:|url\(|@import| on\w+=""", answer.text.split("<script>")[0]
        )
        assert answer.headers["referrer-policy"] == "same-origin"


def test_the_page_finds_and_pages_contacts(api: Api) -> None:
    """Newest first, fifty at a time, with their tags and the lists they are on."""
    for number in range(120):
        api.sync(f"c{number}@x.com", firstName="Odd" if number % 2 else "Even")
    api.post("/contactTags", {"contactTag": {"contact": 120, "tag": api.tag("VIP")}})
    api.post("/contactLists", {"contactList": {"contact": 120, "list": api.list("News"), "status": 1}})

    first, last = api.control("/").text, api.control("/?page=3").text
    odd = api.control("/?search=odd&page=2").text

    assert ("c119@x.com" in first, "c69@x.com" in first, "Page 1 of 3" in first) == (True, False, True)
    assert ("VIP" in first, "News" in first, "VIP" in last) == (True, True, False)
    assert ("c0@x.com" in last, "Older" in last, "Newer" in last) == (True, False, True)
    assert ("c19@x.com" in odd, "c18@x.com" in odd, "Page 2 of 2" in odd) == (True, False, True)
    assert "Contacts found: 60" in odd
    assert "Page 1 of 1" in api.control("/?search=nobody&page=x").text


def test_the_page_of_a_contact_shows_its_fields(api: Api) -> None:
    """An unknown one is said to be so."""
    api.sync("a@b.com", firstName="Ann", fieldValues=[{"field": api.field("Plan"), "value": "Pro"}])
    api.post("/contactTags", {"contactTag": {"contact": 1, "tag": api.tag("VIP")}})
    api.post("/contactLists", {"contactList": {"contact": 1, "list": api.list("News"), "status": 2}})

    html = api.control("/contact/1").text

    assert all(word in html for word in ("a@b.com", "Ann", "Plan", "Pro", "2026-03-01 07:00:00"))
    assert all(word in html for word in ("VIP", "News", "Unsubscribed"))
    assert api.control("/contact/99999999999999999999").status_code == 404


def test_what_was_written_to_a_contact_is_kept_whichever_way_it_came(api: Api) -> None:
    """Before and after, newest first; what changed nothing, and what the control API does, is not in it."""
    plan, tag, news = api.field("Plan"), api.tag("VIP"), api.list("News")
    api.sync("a@b.com", firstName="Ann", fieldValues=[{"field": plan, "value": "Pro"}])
    api.sync("a@b.com", firstName="Ann", fieldValues=[{"field": plan, "value": "Pro"}])
    api.post("/contactTags", {"contactTag": {"contact": 1, "tag": tag}})
    api.delete("/contactTags/1")
    api.post("/contactLists", {"contactList": {"contact": 1, "list": news, "status": 1}})
    batch = api.bulk({"email": "a@b.com", "fields": [{"id": int(plan), "value": "Basic"}]}).json()["batchId"]
    api.time.seconds += 10
    api.put("/contacts/1", {"contact": {"email": "b@b.com", "lastName": "B"}})

    assert written(api) == [
        ("PUT /contacts/{id}", "Last name", "empty", "B"),
        ("", "E-mail", "a@b.com", "b@b.com"),
        (f"bulk import {batch}", "field Plan", "Pro", "Basic"),
        ("POST /contactLists", "list News", "—", "Active"),
        ("DELETE /contactTags/{id}", "tag VIP", "on", "—"),
        ("POST /contactTags", "tag VIP", "—", "on"),
        ("POST /contact/sync", "field Plan", "—", "Pro"),
        ("", "First name", "—", "Ann"),
        ("", "E-mail", "—", "a@b.com"),
    ]
    api.delete("/contacts/1")
    assert ("DELETE /contacts/{id}", "E-mail", "b@b.com", "—") in written(api)
    assert api.control("/contact/1").status_code == 404
    api.start_anew()
    assert "What was written" not in api.control("/contact/1").text


def test_the_journal_outlives_the_server(tmp_path: Path) -> None:
    """It stands in the state file."""
    for name in ("Ann", "Eve"):
        with sandbox(tmp_path) as api:
            api.sync("a@b.com", firstName=name)
            rows = written(api)
    assert rows[0] == ("POST /contact/sync", "First name", "Ann", "Eve")
    assert {row[1:] for row in rows[1:]} == {("First name", "—", "Ann"), ("E-mail", "—", "a@b.com")}


def test_the_request_page_shows_the_current_rate(api: Api) -> None:
    """As a number, and as bars of the last minute."""
    api.get("/users/me")
    api.get("/users/me")

    html = api.control("/requests").text

    assert "requests in the last second: 2 of" in html
    assert "GET /users/me" in html
    assert "0 s ago: 2" in html
    api.time.seconds = 5
    later = api.control("/requests").text
    assert ("requests in the last second: 0 of" in later, "5 s ago: 2" in later) == (True, True)


def test_faults_are_switched_on_and_off_from_the_page(api: Api) -> None:
    """The others go on counting; what is no fault is named and changes nothing; reading changes nothing either."""
    assert "Nothing goes wrong on purpose" in api.control("/faults").text
    first = post(api, kind="not_found", path="/contacts/{id}")
    second = post(api, kind="slow", rate="0.5", count="3", seconds="0.01", path="")
    assert [(one.status_code, one.headers["location"]) for one in (first, second)] == [(303, "/faults")] * 2
    api.get("/contacts/1")

    shown = api.control("/faults").text
    assert all(word in shown for word in ("not_found", "/contacts/{id}", "50% of them, 3 times"))
    post(api, stop="1")
    assert [(rule["kind"], rule["met"], rule["hit"]) for rule in api.control("/sandbox/faults").json()] == [
        ("not_found", 1, 1)
    ]
    for wrong in ({"kind": "nonsense"}, {"kind": "slow", "rate": "2"}, {"kind": "slow", "count": "x"}, {}):
        assert 'role="alert"' in post(api, **wrong).text
        assert post(api, **wrong).status_code == 400
    assert post(api, stop="99").status_code == 303
    assert httpx.get(f"{api.sandbox.url}/faults?kind=slow&stop=all").status_code == 200
    assert len(api.control("/sandbox/faults").json()) == 1
    post(api, stop="all")
    assert api.control("/sandbox/faults").json() == []


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:1"},
     {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}],
)  # fmt: skip
def test_other_sites_switch_no_fault(api: Api, headers: dict[str, str]) -> None:
    """Neither by a form of theirs, nor by a name that resolves to this machine."""
    assert post(api, headers, kind="slow").status_code == 403
    assert api.control("/sandbox/faults").json() == []


def test_every_fault_can_be_chosen() -> None:
    """Once, with words."""
    assert sorted(kind for group in KINDS.values() for kind in group) == sorted(Kind)
