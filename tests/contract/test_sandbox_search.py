"""GET /contacts of the sandbox: filters, order, paging."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from contract.sandbox_support import Api, sandbox


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with sandbox(tmp_path_factory.mktemp("sandbox")) as api:
        yield api


@pytest.fixture
def api(server: Api) -> Api:
    """Three contacts, a minute apart."""
    server.start_anew()
    people = [("ann@x.com", "Ann", "Zeta", "111"), ("bob@x.com", "Bob", "Alpha", "112"), ("cy@y.com", "Cy", "", "")]
    for minute, (email, first, last, phone) in enumerate(people):
        server.time.seconds = minute * 60
        server.sync(email, firstName=first, lastName=last, phone=phone)
    return server


def found(answer: httpx.Response) -> list[str]:
    """Ids in the order of the answer; the total must agree when one page holds all."""
    body = answer.json()
    assert body["meta"]["total"] == str(len(body["contacts"]))
    return [contact["id"] for contact in body["contacts"]]


def test_the_list_has_the_recorded_meta(api: Api) -> None:
    """Totals are text, page input is numbers; each contact carries the two empty arrays."""
    body = api.get("/contacts").json()

    assert list(body) == ["scoreValues", "contacts", "meta"]
    assert {key: value for key, value in body["meta"]["page_input"].items() if key != "cacheid"} == {
        "segmentid": 0,
        "formid": 0,
        "listid": 0,
        "tagid": 0,
        "limit": 20,
        "offset": 0,
        "search": None,
        "sort": None,
        "seriesid": 0,
        "waitid": 0,
        "status": -1,
        "forceQuery": 0,
    }
    assert (body["meta"]["total"], body["meta"]["sortable"]) == ("3", True)
    assert len(body["meta"]["page_input"]["cacheid"]) == 32
    assert (body["contacts"][0]["scoreValues"], body["contacts"][0]["accountContacts"]) == ([], [])


@pytest.mark.parametrize(
    ("params", "ids"),
    [
        ({}, ["3", "2", "1"]),
        ({"email": "ANN@x.com"}, ["1"]),
        ({"email": "nobody@x.com"}, []),
        ({"email_like": "X.CO"}, ["2", "1"]),
        ({"phone": "11"}, ["2", "1"]),
        ({"phone": "1_1"}, []),
        ({"search": "bob al"}, ["2"]),
        ({"search": "%"}, []),
        ({"search": "112"}, ["2"]),
        ({"exclude": "2"}, ["3", "1"]),
        ({"ids[]": ["1", "3", "9"]}, ["3", "1"]),
        ({"ids": "1,2"}, ["2", "1"]),
        ({"id_greater": "1"}, ["3", "2"]),
        ({"id_less": "3"}, ["2", "1"]),
        ({"filters[created_after]": "2026-03-01T07:00:30-05:00"}, ["3", "2"]),
        ({"filters[created_before]": "2026-03-01T12:00:30+00:00"}, ["1"]),
        ({"filters[updated_after]": "2026-03-01 07:01:30"}, ["3"]),
        ({"filters[updated_before]": "nonsense"}, ["3", "2", "1"]),
        ({"listid": "5"}, []),
        ({"tagid": "0"}, ["3", "2", "1"]),
        ({"orders[id]": "ASC"}, ["1", "2", "3"]),
        ({"orders[last_name]": "ASC"}, ["3", "2", "1"]),
        ({"orders[first_name]": "desc"}, ["3", "2", "1"]),
        ({"orders[cdate]": "ASC", "id_greater": "1"}, ["2", "3"]),
        ({"orders[nothing]": "ASC"}, ["3", "2", "1"]),
    ],
)
def test_contacts_are_found_in_order(api: Api, params: dict[str, str | list[str]], ids: list[str]) -> None:
    """Each documented parameter; newest first unless asked otherwise."""
    assert found(api.get("/contacts", **params)) == ids


def test_orders_apply_as_they_stand_in_the_query(api: Api) -> None:
    """The first decides, the next break ties."""
    api.sync("dd@x.com", firstName="Ann", lastName="Beta")

    assert found(api.http.get("/contacts?orders[first_name]=ASC&orders[last_name]=ASC"))[:2] == ["4", "1"]
    assert found(api.http.get("/contacts?orders%5Blast_name%5D=DESC&orders%5Bfirst_name%5D=ASC"))[0] == "1"


def test_a_plus_sign_must_be_encoded(api: Api) -> None:
    """As a form it is a space."""
    api.sync("a+b@x.com")

    assert found(api.http.get("/contacts?email=a+b@x.com")) == []
    assert found(api.http.get("/contacts?email=a%2Bb@x.com")) == ["4"]


@pytest.mark.parametrize(
    ("params", "limit", "count"),
    [
        ({"limit": "2"}, 2, 2),
        ({"limit": "1000"}, 100, 3),
        ({"limit": "0"}, 0, 0),
        ({"limit": "-1"}, 20, 3),
        ({"limit": "x"}, 20, 3),
        ({"offset": "2"}, 20, 1),
        ({"offset": "99"}, 20, 0),
    ],
)
def test_limit_and_offset_are_bounded(api: Api, params: dict[str, str], limit: int, count: int) -> None:
    """More than 100 counts as 100; with 0 only the total comes."""
    body = api.get("/contacts", **params).json()

    assert (body["meta"]["page_input"]["limit"], len(body["contacts"]), body["meta"]["total"]) == (limit, count, "3")
