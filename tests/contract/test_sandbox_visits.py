"""The sandbox's page visits, and the domains they are tracked on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.sandbox_support import Api, sandbox

PAGE = "https://www.shop.example/shoes?size=38"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with sandbox(tmp_path_factory.mktemp("sandbox")) as api:
        yield api


@pytest.fixture
def api(server: Api, tmp_path: Path) -> Api:
    """An account with one contact, a@b.com, and the domain shop.example."""
    server.start_anew()
    server.sync("a@b.com")
    server.post("/siteTrackingDomains", {"siteTrackingDomain": {"name": "shop.example"}})
    return server


def test_a_visit_is_kept_with_page_and_referrer(api: Api) -> None:
    """The answer is a script that does nothing; a switch shows visits in the contact's log."""
    answer = api.visit(PAGE, referrer="https://search.example/")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/javascript; charset=UTF-8")
    (row,) = api.tracked()
    assert (row["contact"], row["type"], row["value"]) == ("1", "__pagevisit", PAGE)
    assert row["referrer"] == "https://search.example/"
    assert api.get("/contacts/1/trackingLogs").json() == {"trackingLogs": []}
    api.switch(visits_logged=True)
    assert [one["type"] for one in api.get("/contacts/1/trackingLogs").json()["trackingLogs"]] == ["__pagevisit"]


@pytest.mark.parametrize(
    ("page", "more"),
    [
        (PAGE, {"actid": "7"}),
        ("https://elsewhere.example/", {}),
        ("https://notshop.example/", {}),
        ("shop.example", {}),
        ("https://[shop.example/", {}),
    ],
)
def test_a_visit_that_is_not_kept_is_answered_the_same(api: Api, page: str, more: dict[str, str]) -> None:
    """Another account, another domain, no address of a page: nobody is told."""
    assert api.visit(page, **more).content == api.visit(PAGE).content
    assert len(api.tracked()) == 1


def test_no_visit_is_kept_while_site_tracking_is_off(api: Api) -> None:
    """It is a switch of its own, apart from events."""
    assert api.get("/siteTracking").json() == {"siteTracking": {"enabled": True}}
    api.put("/siteTracking", {"siteTracking": {"enabled": False}})
    api.visit(PAGE)

    assert api.tracked() == []
    assert api.get("/eventTracking").json() == {"eventTracking": {"enabled": True}}
    code = api.get("/siteTracking/code")
    assert (code.headers["content-type"].split(";")[0], api.sandbox.actid in code.text) == ("text/plain", True)


def test_domains_are_listed_once_and_removed(api: Api) -> None:
    """200, with a total that is a number; removing answers 204."""
    again = api.post("/siteTrackingDomains", {"siteTrackingDomain": {"name": "Shop.example"}})

    assert (again.status_code, again.json()) == (200, {"siteTrackingDomain": {"name": "shop.example"}})
    listed = {"siteTrackingDomains": [{"name": "shop.example"}], "meta": {"total": 1}}
    assert api.get("/siteTrackingDomains").json() == listed
    assert api.post("/siteTrackingDomains", {"siteTrackingDomain": {}}).status_code == 400
    removed = api.delete("/siteTrackingDomains/shop.example")
    assert (removed.status_code, removed.content) == (204, b"")
    assert api.get("/siteTrackingDomains").json()["meta"] == {"total": 0}


def test_newer_accounts_have_no_list_of_domains(api: Api) -> None:
    """It is gone from the description of 2026."""
    api.switch(site_domains="gone")

    assert api.get("/siteTrackingDomains").status_code == 404
    assert api.post("/siteTrackingDomains", {"siteTrackingDomain": {"name": "x.example"}}).status_code == 404
