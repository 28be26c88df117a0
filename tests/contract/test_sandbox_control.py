"""The sandbox's control API and request log."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ac_pipeline.sandbox.database import open_database
from ac_pipeline.sandbox.tables.requests import Logged, add, summary
from contract.sandbox_support import Api, sandbox


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with sandbox(tmp_path_factory.mktemp("sandbox")) as api:
        yield api


@pytest.fixture
def api(server: Api) -> Api:
    server.start_anew()
    return server


def test_contacts_are_listed_with_their_fields_by_title(api: Api) -> None:
    """All a test needs to compare."""
    plan = api.field("Plan")
    api.sync("a@b.com", firstName="A", lastName="B", phone="1", fieldValues=[{"field": plan, "value": "Pro"}])
    api.sync("c@b.com")
    api.post("/contactTags", {"contactTag": {"contact": "1", "tag": api.tag("VIP")}})
    api.post("/contactLists", {"contactList": {"contact": "1", "list": api.list("News"), "status": 1}})

    first, second = api.control("/sandbox/contacts").json()["contacts"]

    assert first == {
        "id": "1",
        "email": "a@b.com",
        "first_name": "A",
        "last_name": "B",
        "phone": "1",
        "created_at": "2026-03-01T12:00:00+00:00",
        "updated_at": "2026-03-01T12:00:00+00:00",
        "fields": {"Plan": "Pro"},
        "tags": ["VIP"],
        "lists": {"News": 1},
    }
    assert (second["id"], second["fields"], second["tags"], second["lists"]) == ("2", {}, [], {})


def test_fields_are_listed_with_options_lists_and_groups(api: Api) -> None:
    """What creating a field completely leaves behind."""
    plan = api.field("Plan", "dropdown")
    api.post("/fieldOption/bulk", {"fieldOptions": [{"field": plan, "label": "true", "value": "true"}]})
    api.post("/fieldRels", {"fieldRel": {"field": plan, "relid": 0}})
    api.post("/groupMembers", {"groupMember": {"rel_id": plan, "group_id": 1}})

    assert api.control("/sandbox/fields").json()["fields"] == [
        {
            "id": "1",
            "title": "Plan",
            "type": "dropdown",
            "perstag": "PLAN",
            "options": ["true"],
            "lists": [0],
            "groups": [1],
        }
    ]


def test_every_api_request_is_logged_and_counted(tmp_path: Path) -> None:
    """Refused ones included; the control API itself is not."""
    with sandbox(tmp_path, rate=3) as api:
        api.sync("a@b.com")
        api.get("/contacts/1")
        api.get("/contacts/7")
        api.get("/contacts/1")
        api.time.seconds = 1
        api.get("/nothing")

        log = api.control("/sandbox/requests").json()

    assert (log["total"], log["throttled"]) == (5, 1)
    assert (log["max_per_second"], log["max_admitted_per_second"]) == (4, 3)
    assert log["counts"] == {"GET (unknown)": 1, "GET /contacts/{id}": 3, "POST /contact/sync": 1}
    assert [request["status"] for request in log["requests"]] == [404, 429, 404, 200, 201]
    newest, oldest = log["requests"][0], log["requests"][-1]
    assert newest["time"] == "2026-03-01T12:00:01+00:00"
    assert (oldest["method"], oldest["path"], oldest["template"]) == ("POST", "/contact/sync", "/contact/sync")
    assert (oldest["bytes_in"] > 0, oldest["bytes_out"] > 0, oldest["throttled"]) == (True, True, False)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3_000_000), st.booleans(), st.integers(0, 9)), max_size=40))
def test_the_busiest_second_is_that_of_the_arrivals_in_whatever_order_they_are_answered(
    arrivals: list[tuple[int, bool, int]],
) -> None:
    """Half open, with and without throttled ones."""
    with closing(open_database(Path(mkdtemp()) / "s.db")) as db:
        for arrived, throttled, _ in sorted(arrivals, key=lambda arrival: arrival[2]):
            add(db, Logged(arrived, "GET", "/", "/", 200, 0, 0, int(throttled), "", 0))
        found = summary(db)

    def busiest(times: list[int]) -> int:
        return max((sum(end - 1_000_000 < time <= end for time in times) for end in times), default=0)

    assert found.max_per_second == busiest([arrived for arrived, _, _ in arrivals])
    assert found.max_admitted_per_second == busiest([arrived for arrived, throttled, _ in arrivals if not throttled])


def test_the_log_holds_nothing_that_names_a_person(api: Api) -> None:
    """Neither in values, nor in keys, nor in paths."""
    secret = ["jane@example.com", "Jane", "+4915112345678", "4915112345678"]
    api.get("/contacts", email=secret[0], search=secret[1], phone=secret[3], limit="5", **{"filters[val]": secret[2]})
    api.get("/contacts", **{secret[0]: secret[1], "orders[id]": "ASC", "limit": secret[1]})
    api.get(f"/users/email/{secret[0]}")
    api.get(f"/users/username/{secret[1]}")
    api.get(f"/nothing/{secret[1]}/1")
    api.get(f"/users/{secret[3]}")

    text = api.control("/sandbox/requests").text + api.control("/requests").text
    paths = [request["path"] for request in api.control("/sandbox/requests").json()["requests"]]

    assert not [word for word in secret if word in text]
    assert paths[-1] == "/contacts?email=…&search=…&phone=…&limit=5&filters[val]=…"
    assert paths[:3] == ["/users/…", "/nothing/…/1", "/users/username/…"]


def test_the_log_is_cut_to_the_limit_asked_for(api: Api) -> None:
    """The numbers are those of the whole log."""
    for _ in range(5):
        api.get("/users/me")

    assert len(api.control("/sandbox/requests?limit=2").json()["requests"]) == 2
    assert len(api.control("/sandbox/requests?limit=-1").json()["requests"]) == 5
    assert len(api.control("/sandbox/requests?limit=all").json()["requests"]) == 5


def test_the_log_can_be_forgotten_alone(api: Api) -> None:
    """To count what the next step costs."""
    api.sync("a@b.com")

    assert api.control("/sandbox/requests", "DELETE").json() == {}

    assert api.control("/sandbox/requests").json()["counts"] == {}
    assert len(api.control("/sandbox/contacts").json()["contacts"]) == 1


def test_reset_makes_the_account_new(api: Api) -> None:
    """Objects, log and ids."""
    api.sync("a@b.com", fieldValues=[{"field": api.field("Plan"), "value": "Pro"}])

    assert api.control("/sandbox/reset", "POST").json() == {}

    assert api.control("/sandbox/contacts").json() == {"contacts": []}
    assert api.control("/sandbox/fields").json() == {"fields": []}
    assert api.control("/sandbox/requests").json()["total"] == 0
    assert api.sync("b@b.com").json()["contact"]["id"] == "1"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:80"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "[::1"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
def test_other_sites_cannot_use_the_control_api(api: Api, headers: dict[str, str]) -> None:
    """Neither by a form, nor by a name that resolves to this machine."""
    api.sync("a@b.com")

    assert api.control("/sandbox/reset", "POST", **headers).status_code == 403
    assert api.control("/sandbox/contacts", **headers).status_code == 403
    assert len(api.control("/sandbox/contacts").json()["contacts"]) == 1


def test_the_sandboxs_own_page_may_use_the_control_api(api: Api) -> None:
    """By whichever loopback name it was opened."""
    for host in (f"127.0.0.1:{api.sandbox.port}", f"localhost:{api.sandbox.port}", "[::1]:80"):
        answer = api.control("/sandbox/contacts", Host=host, Origin=f"http://{host}", Sec_Fetch_Site="same-origin")
        assert answer.status_code == 200


def test_a_foreign_host_sees_nothing(api: Api) -> None:
    """A page of its own could read page and API otherwise."""
    assert api.http.get("/users/me", headers={"Host": "evil.example"}).status_code == 403
    for path in ("/", "/contact/1", "/requests", "/faults"):
        assert api.control(path, Host="evil.example").status_code == 403


def test_a_request_that_is_given_up_is_logged_too(api: Api) -> None:
    """The client promises a body, sends half of it and goes."""
    head = f"POST /api/3/contact/sync HTTP/1.1\r\nHost: 127.0.0.1\r\nApi-Token: {api.sandbox.api_key}\r\n"
    with socket.create_connection(("127.0.0.1", api.sandbox.port)) as connection:
        connection.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode())

    logged = next(log for _ in range(1000) if (log := api.control("/sandbox/requests").json())["total"])

    assert (logged["counts"], logged["requests"][0]["status"]) == ({"POST /contact/sync": 1}, 400)
    assert api.control("/sandbox/contacts").json() == {"contacts": []}
