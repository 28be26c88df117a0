"""The sandbox's page and the report, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from ac_pipeline.report import Figures, page
from ac_pipeline.report.figures import Latency, Run, Size
from ac_pipeline.sandbox import SandboxConfig, running
from browser.chromium import Page
from contract.sandbox_support import Api, Time

SCRIPT = "<script>alert('run')</script><img src=x onerror=alert('run')>"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    """A sandbox whose time is the real one, with two people in it."""
    with (
        running(SandboxConfig(tmp_path / "sandbox.db", rate=1000)) as started,
        httpx.Client(base_url=f"{started.url}/api/3", headers={"Api-Token": started.api_key}) as http,
    ):
        api = Api(http, started, Time())
        api.sync("quiet@shop.example", firstName="Quiet")
        api.sync("loud@shop.example", firstName=SCRIPT, fieldValues=[{"field": api.field("Plan"), "value": SCRIPT}])
        yield api


def test_the_sandboxs_page_shows_what_arrives_and_lets_things_go_wrong(tab: Page, api: Api, tmp_path: Path) -> None:
    """A script in a name is text; a search; a contact that changes while it is looked at; a fault on and off."""
    tab.open(f"{api.sandbox.url}/")
    assert SCRIPT in tab.text("main")
    tab.click("input[name=search]")
    tab.type("quiet", enter=True)
    tab.see("Contacts found: 1")
    assert "loud@" not in tab.text()
    tab.screenshot(tmp_path / "contacts.png")

    tab.click("a", "quiet@shop.example")
    tab.see("What was written")
    api.post("/contactTags", {"contactTag": {"contact": 1, "tag": api.tag(SCRIPT)}})
    tab.see(f"tag {SCRIPT}")
    tab.screenshot(tmp_path / "contact.png")

    tab.click("nav a", "Faults")
    tab.see("Nothing goes wrong on purpose.")
    tab.evaluate("document.querySelector('select[name=kind]').value = 'not_found'")
    tab.click("button", "Let it go wrong")
    tab.see("In force")
    assert api.get("/contacts/1").status_code == 404
    tab.wait("document.querySelector('#faults td:nth-child(5)')?.innerText === '1'")
    tab.screenshot(tmp_path / "faults.png")
    tab.click("button", "Stop all")
    tab.see("Nothing goes wrong on purpose.")
    assert api.get("/contacts/1").status_code == 200

    tab.click("nav a", "Requests")
    tab.see("requests per second, the last minute")
    tab.screenshot(tmp_path / "requests.png")
    assert tab.dialogs == []
    assert tab.errors == []
    assert {url.split("/", 3)[2] for url in tab.requests} == {f"127.0.0.1:{api.sandbox.port}"}


def test_another_sites_page_can_neither_read_nor_change_the_sandbox(tab: Page, api: Api, tmp_path: Path) -> None:
    """It sends the form, it frames the page, it asks for the contacts: nothing comes of it."""
    target = api.sandbox.url
    evil = tmp_path / "evil.html"
    evil.write_text(
        f"<form method=post action='{target}/faults' target=f><input name=kind value=slow></form>"
        f"<iframe name=f></iframe><iframe id=g src='{target}/'></iframe>"
    )
    tab.open(evil.as_uri())
    read = tab.evaluate(f"fetch('{target}/sandbox/contacts').then(a => a.text(), () => 'refused')")
    tab.evaluate("document.forms[0].submit()")
    tab.wait("performance.getEntriesByType('resource').length >= 2")

    assert read == "refused"
    assert tab.evaluate("document.getElementById('g').contentDocument") is None
    assert api.control("/sandbox/faults").json() == []


def test_the_report_is_whole_by_itself(tab: Page, tmp_path: Path) -> None:
    """Opened as a file, light and dark, wide and narrow: no error, no request, nothing wider than the screen."""
    start = datetime(2026, 11, 1)  # noqa: DTZ001  (moments of the store have no zone)
    windows = tuple(start + timedelta(hours=2 * number) for number in range(100) if number not in range(40, 50))
    sizes = tuple(Size(at, 900 + 7 * (number % 31), number % 9, number % 7) for number, at in enumerate(windows))
    figures = Figures(
        windows, timedelta(hours=2), {"Recent buyers": sizes, f"{SCRIPT} readers": sizes[20:]},
        {(one, other): 40 for one in ("Recent buyers", SCRIPT) for other in ("Recent buyers", SCRIPT)},
        tuple(Latency(at, 3, 60.0 + number, 200.0 + 3 * number) for number, at in enumerate(windows)),
        tuple(Run(at, "dagster", "succeeded", 30, 90 + number, 4) for number, at in enumerate(windows[-60:])),
        {SCRIPT: 2}, {"no_name": 12}, {"high_value": SCRIPT}, {"acknowledged": 1200},
    )  # fmt: skip
    path = tmp_path / "report.html"
    path.write_text(page(figures, now=windows[-1], rate=4.0), encoding="utf-8")

    for colours in ("light", "dark"):
        for width in (1200, 420):
            tab.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": colours}])
            tab.send("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
            tab.open(path.as_uri())
            tab.screenshot(tmp_path / f"report-{colours}-{width}.png")
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert SCRIPT in tab.text()
    shown = "[...document.querySelectorAll('svg.chart')].every(one => one.getBoundingClientRect().height > 40)"
    assert tab.evaluate(shown)
    assert tab.dialogs == []
    assert tab.errors == []
    assert set(tab.requests) == {path.as_uri()}
