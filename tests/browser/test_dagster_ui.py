"""Dagster's UI, as users live in it: lineage, a backfill, a resend, a sync, and what marketers see of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from ac_pipeline.model.window import KEY_FORMAT, window_of_key
from ac_pipeline.store.store import naive
from browser.chromium import Browser, Page
from browser.dagster_ui import DagsterUi, dagster
from pipeline.pipeline_support import CRON, Company, Ticking, service

HOURS = 2
"""Of a window."""


def test_a_backfill_sends_nothing_and_a_resend_is_seen_in_the_sandbox(
    tmp_path: Path, browser: Browser, tab: Page
) -> None:
    """Three windows are computed in one run, in order; a value that somebody changed over there comes right again."""
    now = datetime.now(UTC)
    with service(tmp_path / "account.sqlite") as account:
        company = Company(tmp_path / "company", account.sandbox.url, clock=Ticking(now))
        company.crowd(3)
        company.members("buyers", "1", "2")
        company.sync()
        field = account.fields()["Buyers"]["id"]
        account.call("PUT", "contacts/1", {"contact": {"fieldValues": [{"field": field, "value": "false"}]}})
        account.forget_requests()

        with dagster(company, now - timedelta(hours=5 * HOURS)) as url, browser.page() as contact:
            contact.open(f"{account.sandbox.url}/contact/1")
            assert "Buyers false" in " ".join(contact.text("#contact").split())
            ui = DagsterUi(tab, url)
            ui.see_lineage("activecampaign", "audiences", "contacts", "snapshot", "changes")
            tab.screenshot(tmp_path / "lineage.png")

            starts = [window_of_key(CRON, ui.windows()[0]).start + n * timedelta(hours=HOURS) for n in range(3)]
            ui.backfill(f"{starts[0]:{KEY_FORMAT}}", f"{starts[-1]:{KEY_FORMAT}}")
            ui.wait_for_successes(1)
            tab.screenshot(tmp_path / "backfill.png")
            ends = [(naive(start + timedelta(hours=HOURS)),) for start in starts]
            assert company.ask("select as_of from windows order by as_of")[:3] == ends
            assert company.ask("select members, entered from audience_sizes order by as_of") == [
                (2, 2), (2, 0), (2, 0), (2, 0)
            ]  # fmt: skip
            assert company.ask("select count(*) from runs where kind <> 'sync'") == [(1,)]
            assert account.requests() == [], "old truth is never sent"

            ui.resend("buyers")
            assert account.requests() == []
            ui.sync_newest()
            ui.wait_for_successes(3)
            tab.screenshot(tmp_path / "runs.png")
            contact.see("field Buyers\tfalse\ttrue")
            contact.screenshot(tmp_path / "contact.png")
            assert account.told()["u1@example.com"] == {"Buyers": "true"}
