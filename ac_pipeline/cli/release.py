"""`ac-pipeline release KEY`: a person accepts what the guard held."""

from __future__ import annotations

import uuid
from typing import Annotated

import typer

from ac_pipeline.cli.output import AS_JSON, console, print_json
from ac_pipeline.settings import load_settings
from ac_pipeline.sync import approval
from ac_pipeline.sync.session import open_session

Key = Annotated[str, typer.Argument(help="The held declaration, as `ac-pipeline status` names it.")]


def release(key: Key, as_json: bool = AS_JSON) -> None:
    """Accept the held result of a declaration; the next sync delivers it."""
    with open_session(load_settings(), kind="release", run_id=str(uuid.uuid4())) as session:
        held = approval.release(session.store, session.declarations, session.ids, key)
    if as_json:
        print_json({"released": key, "as_of": held.as_of, "before": held.before, "after": held.after})
        return
    console.print(
        f"Released {key}: {held.before:,} contacts become {held.after:,}, as of {held.as_of} UTC. "
        "The next sync tells ActiveCampaign.",
    )
