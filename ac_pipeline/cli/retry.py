"""`ac-pipeline retry`: try again what ActiveCampaign refused."""

from __future__ import annotations

import uuid
from typing import Annotated

import typer

from ac_pipeline.cli.output import AS_JSON, console, print_json
from ac_pipeline.settings import load_settings
from ac_pipeline.sync import again
from ac_pipeline.sync.session import open_session

Reason = Annotated[
    str,
    typer.Option(
        "--reason", metavar="TEXT", help="Only those whose reason contains this, in any case; by default all.",
    ),
]  # fmt: skip


def retry(reason: Reason = "", as_json: bool = AS_JSON) -> None:
    """Make contacts that were refused due again; the next sync sends them.

    They come back by themselves when what they should be told changes. This is for when the cause is gone over there:
    an option was added to a field, an address was taken off the exclusion list.
    """
    with open_session(load_settings(), kind="retry", run_id=str(uuid.uuid4())) as session:
        found = again.retry(session.store, reason)
    if as_json:
        print_json({"retried": found})
        return
    if not found:
        console.print("Nothing is refused" + (f" for a reason with “{reason}”." if reason else "."), markup=False)
        return
    for why, contacts in found.items():
        console.print(f"{contacts:,} contacts  {why or 'no reason was given'}", markup=False)
    console.print("They are due again with the next sync.")
