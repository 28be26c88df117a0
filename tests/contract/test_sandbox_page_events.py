"""What the sandbox's page shows of events, visits and automations."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from contract.sandbox_support import Api, sandbox

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """An account with one contact, a@b.com, and two registered events, one of them nasty."""
    with sandbox(tmp_path_factory.mktemp("sandbox")) as api:
        api.sync("a@b.com")
        for name in ("Bought", SCRIPT):
            api.post("/eventTrackingEvents", {"eventTrackingEvent": {"name": name}})
        api.post("/siteTrackingDomains", {"siteTrackingDomain": {"name": "b.com"}})
        yield api


def rows(html: str, caption: str) -> list[tuple[str, ...]]:
    """Return the cells of the table with this caption, as text."""
    (found,) = re.findall(rf"<caption>{caption}</caption>.*?</table>", html)
    return [
        tuple(re.sub("<.*?>", "", cell) for cell in re.findall(r"<td>(.*?)</td>", row))
        for row in re.findall(r"<tr>(.*?)</tr>", found)[1:]
    ]


def test_a_contact_shows_its_events_visits_and_automations(api: Api) -> None:
    """Events newest first; one without any shows no empty tables."""
    assert "Automations" not in api.control("/contact/1").text
    welcome = api.automation("Welcome")
    api.post("/contactAutomations", {"contactAutomation": {"contact": "1", "automation": welcome}})
    api.event(eventdata="19.90")
    api.time.seconds += 60
    api.visit("https://b.com/shoes", referrer="https://r.example/")

    html = api.control("/contact/1").text

    assert rows(html, "Automations") == [("Welcome", "2026-03-01 07:00:00")]
    assert rows(html, "Events") == [
        ("2026-03-01 07:01:00", "Page visit", "https://b.com/shoes", "https://r.example/"),
        ("2026-03-01 07:00:00", "Bought", "19.90", ""),
    ]


def test_the_account_shows_what_it_tracks_how_often_and_of_whom(api: Api) -> None:
    """People who are no contacts yet included, and who is in which automation counted."""
    api.automation("Off", active=False)
    for email in ("a@b.com", "a@b.com", "later@b.com"):
        api.event(email=email)
    api.put("/siteTracking", {"siteTracking": {"enabled": False}})

    html = api.control("/events").text

    assert "Event tracking is on, site tracking off. Domains: b.com." in html
    assert rows(html, "By name") == [("Bought", "3", "1")]
    assert rows(html, "Automations") == [("1", "Off", "Inactive", "0", "0")]
    newest = rows(html, "The newest, up to 200")
    assert [row[-1] for row in newest] == ["later@b.com (no contact)", "a@b.com", "a@b.com"]
    assert 'href="/contact/1"' in html


def test_nothing_of_an_event_is_run_by_the_page(api: Api) -> None:
    """Names, values, addresses, pages, referrers and automations are text, and a foreign name sees nothing."""
    welcome = api.automation(SCRIPT)
    api.post("/contactAutomations", {"contactAutomation": {"contact": "1", "automation": welcome}})
    api.event(SCRIPT, eventdata=SCRIPT)
    api.event(email=SCRIPT)
    api.visit(f"https://b.com/{SCRIPT}", referrer=SCRIPT)

    for path in ("/events", "/contact/1"):
        html = api.control(path).text
        assert html.count("<script") == 1, "the page's own"
        assert html.count("&lt;script&gt;") >= 4
    assert api.control("/events", Host="evil.example").status_code == 403
