"""`ac-pipeline resend KEY…`: say again what ActiveCampaign was told."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated

import typer

from ac_pipeline.cli.output import AS_JSON, console, print_json
from ac_pipeline.cli.sync import WITHHELD
from ac_pipeline.errors import ATTENTION_EXIT_CODE
from ac_pipeline.settings import load_settings
from ac_pipeline.sync import again
from ac_pipeline.sync.again import Resend
from ac_pipeline.sync.session import open_session

Keys = Annotated[list[str], typer.Argument(metavar="KEY…", help="Audiences and traits by key, or `contacts`.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]


def resend(keys: Keys, yes: Yes = False, as_json: bool = AS_JSON) -> None:
    """Have the next sync say again all that was ever told of these declarations, to those who left as well.

    For when somebody changed values in ActiveCampaign. Nobody is told what was never told before, and automations do
    not start where bulk import can say it. Shows what the next sync will do, and asks.
    """
    if not yes:
        found = _run(keys, act=again.forecast)
        if not as_json:
            _print(found)
        if not found.contacts or not _confirmed(as_json):
            _print_json(found, as_json, marked=False)
            raise typer.Exit(ATTENTION_EXIT_CODE if found.contacts else 0)
    found = _run(keys, act=again.resend)
    _print_json(found, as_json, marked=bool(found.contacts))
    if as_json:
        return
    if yes:
        _print(found)
    if found.contacts:
        console.print("They are due with the next sync.")


def _run(keys: list[str], *, act: Callable[..., Resend]) -> Resend:
    """The store is free again while a person thinks."""
    with open_session(load_settings(), kind="resend", run_id=str(uuid.uuid4())) as session:
        return act(session.store, session.settings, session.declarations, keys)


def _confirmed(as_json: bool) -> bool:
    if sys.stdin.isatty() and not as_json:
        return typer.confirm("Have the next sync do that?")
    if not as_json:
        console.print("Nothing was marked yet. To do it: the same command with --yes")
    return False


def _print(found: Resend) -> None:
    names = ", ".join(found.keys)
    if not found.contacts:
        console.print(f"{names}: nothing was ever told, so there is nothing to say again.")
        return
    console.print(
        f"{names}: the next sync says {found.values:,} values again to {found.contacts:,} contacts, "
        f"about {found.requests:,} requests."
    )
    singly = found.contacts - found.in_bulk
    console.print(f"By bulk import, without starting automations: {found.in_bulk:,} contacts; the others: {singly:,}.")
    if found.others:
        console.print(f"Besides, it tells {found.others:,} contacts something new.")
    for key in found.held:
        console.print(f"{key} is held: the members that were approved last are told again.")
    for reason, count in found.withheld.items():
        console.print(f"{count:,} contacts are withheld: {WITHHELD.get(reason, reason)}")


def _print_json(found: Resend, as_json: bool, *, marked: bool) -> None:
    if as_json:
        print_json({**asdict(found), "marked": marked})
