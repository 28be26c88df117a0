"""`ac-pipeline sync`: the whole chain for one window, without Dagster."""

from __future__ import annotations

import uuid
from typing import Annotated

import typer

from ac_pipeline.cli.bar import show_standing, sync_bar
from ac_pipeline.cli.events import print_events
from ac_pipeline.cli.moment import AsOf, chosen_window
from ac_pipeline.cli.output import AS_JSON, console, errors, print_json, print_table
from ac_pipeline.dbt_project import DbtProject, dbt_environment
from ac_pipeline.errors import ATTENTION_EXIT_CODE
from ac_pipeline.home import Home
from ac_pipeline.settings import load_settings
from ac_pipeline.sync.report import RunReport
from ac_pipeline.sync.session import open_session

Dbt = Annotated[bool, typer.Option("--dbt/--no-dbt", help="Run `dbt build` first, when there is a dbt project.")]


def sync(as_of: AsOf = None, dbt: Dbt = True, as_json: bool = AS_JSON) -> None:
    """Extract, take a snapshot, and tell ActiveCampaign what changed.

    Delivers only if the window is the newest that was ever computed in this home; an older one is
    computed for history.
    """
    settings = load_settings()
    settings.account()
    window = chosen_window(settings.sync_cron, as_of)
    with (
        open_session(settings, kind="sync", run_id=str(uuid.uuid4())) as session,
        sync_bar(errors, disable=as_json) as progress,
    ):
        project = DbtProject.of(settings, Home.at(settings.ac_pipeline_home)) if dbt else None
        if project is not None:
            task = progress.add_task("dbt build", total=1)
            project.build(dbt_environment(settings))
            progress.advance(task)
        task = progress.add_task("extracting", total=len(session.declarations.all))
        session.extract(window, progress=lambda _: progress.advance(task))
        task = progress.add_task("taking the snapshot", total=1)
        session.snapshot(window)
        progress.advance(task)
        sending = progress.add_task("telling ActiveCampaign", total=None)
        session.deliver(lambda standing: show_standing(progress, sending, standing))
        report = session.report()
    _print(report, as_json)
    if report.needs_attention:
        raise typer.Exit(ATTENTION_EXIT_CODE)


def _print(report: RunReport, as_json: bool) -> None:
    if as_json:
        snapshots = {s.key: {"contacts": s.contacts, "entered": s.entered, "exited": s.exited, "changed": s.changed}
                     for s in report.snapshots[0].snapshots if s.kind != "contacts"}  # fmt: skip
        print_json({**report.summary(), "snapshots": snapshots})
        return
    taken = report.snapshots[0]
    title = f"Window {taken.window.start:%Y-%m-%d %H:%M} – {taken.window.end:%Y-%m-%d %H:%M} UTC"
    rows = [
        (s.key, s.kind, s.contacts, s.entered, s.exited, s.changed) for s in taken.snapshots if s.kind != "contacts"
    ]
    print_table(("declaration", "kind", "contacts", "entered", "exited", "changed"), rows, title=title)
    for key, reason in taken.missing:
        console.print(f"[yellow]not computed[/]  {key}: {reason}")
    for what, count in taken.problems.items():
        users = ", ".join(taken.examples.get(what, ()))
        example = f", for example of the users {users}" if users else ""
        console.print(f"[yellow]{count:,} rows not used[/]  {what}{example} (ac-pipeline query 'from problems')")
    for held in report.held:
        console.print(
            f"[bold yellow]held[/]  {held.key}: {held.reason}. Its last approved members stay; "
            f"if the new result is right: ac-pipeline release {held.key}",
        )
    delivery = report.delivery
    if delivery.skipped:
        console.print(f"Nothing was sent: {delivery.skipped}.")
        return
    apart = f" (and {delivery.directory_requests:,} to read contacts)" if delivery.directory_requests else ""
    console.print(
        f"ActiveCampaign was told about {delivery.acknowledged:,} contacts ({delivery.created:,} created) "
        f"with {delivery.total_requests:,} requests{apart} in {delivery.seconds:.1f} s.",
    )
    for count, word, view in (
        (delivery.rejected, "refused", "rejections"), (delivery.unknown, "without a certain answer", "deliveries")
    ):  # fmt: skip
        if count:
            console.print(f"[bold yellow]{count:,} {word}[/]  see: ac-pipeline query 'from {view}'")
    if delivery.opted_out:
        console.print(f"{delivery.opted_out:,} were not subscribed: they opted out or bounced (query 'from opt_outs')")
    for reason, count in delivery.withheld.items():
        console.print(f"{count:,} contacts are withheld: {WITHHELD.get(reason, reason)}")
    print_events(delivery.events)


WITHHELD = {
    "no_contact_row": "they have no row with a usable e-mail in contacts.yaml's query (no_contact_row)",
    "address_in_use": "their e-mail still belongs to another contact (address_in_use)",
    "only_members_are_created": "they are no contacts yet, and in no audience that is sent (only_members_are_created)",
    "none_are_created": "they are no contacts yet, and destination.yaml has create_contacts: never (none_are_created)",
    "reserved_domain": "their address is at a domain for examples, and this is a real account (reserved_domain)",
    "no_name": "they are no contacts yet, and have neither first nor last name (no_name; see create_contacts)",
    "may_not_exist": "it is not known whether they became contacts (may_not_exist)",
}
