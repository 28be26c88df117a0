"""`ac-pipeline retire KEY`: end an audience whose file is gone."""

from __future__ import annotations

import uuid
from typing import Annotated

import typer

from ac_pipeline.cli.output import AS_JSON, console, print_json
from ac_pipeline.settings import load_settings
from ac_pipeline.sync.retirement import find_retired, retire_to_false
from ac_pipeline.sync.session import open_session

Key = Annotated[str, typer.Argument(help="The audience whose file is gone, as `ac-pipeline status` names it.")]
ToFalse = Annotated[bool, typer.Option("--to-false", help="Tell its members `false` with the next sync.")]


def retire(key: Key, to_false: ToFalse = False, as_json: bool = AS_JSON) -> None:
    """Say what is left of a retired audience in ActiveCampaign; with --to-false, have its members told `false`.

    The field becomes `false` for them, the audience's tag is taken off, and they are unsubscribed where the audience
    unsubscribed those who left.
    """
    with open_session(load_settings(), kind="retire", run_id=str(uuid.uuid4())) as session:
        act = retire_to_false if to_false else find_retired
        found = act(session.store, session.declarations, key)
    if as_json:
        print_json({"retired": key, "contacts": found.told, "to_false": to_false or found.to_false})
    elif to_false:
        console.print(f"Retired {key}: the next sync tells {found.told:,} contacts that they are no members any more.")
    elif found.to_false:
        console.print(f"{key}: {found.told:,} contacts are still to be told, by the next sync.")
    else:
        console.print(
            f"{key}: {found.told:,} contacts were told that they are members, and keep that. Nothing is sent for it.\n"
            f"To tell them `false`: ac-pipeline retire {key} --to-false"
        )
