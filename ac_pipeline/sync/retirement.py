"""Retire an audience: tell its last members `false` although its file is gone."""

from __future__ import annotations

from ac_pipeline.errors import UnknownName
from ac_pipeline.model.declaration import Declarations
from ac_pipeline.store.retirement import Retired, end_memberships, retired
from ac_pipeline.store.store import Store


def find_retired(store: Store, declarations: Declarations, key: str) -> Retired:
    """Return a retired audience. Raises UnknownName for anything else, and says what it is instead."""
    waiting = {one.key: one for one in retired(store)}
    declared = next((one for one in declarations.all if one.key == key), None)
    if declared is not None:
        raise UnknownName(f"`{key}` is declared in {declared.path.name}.", "Remove the file first; then retire it.")
    if key not in waiting:
        names = ", ".join(one for one, found in waiting.items() if found.kind == "audience") or "none"
        raise UnknownName(f"`{key}` is no retired audience; retired are: {names}.", "See `ac-pipeline status`.")
    if waiting[key].kind != "audience":
        raise UnknownName(
            f"`{key}` was a trait: it has no members to tell `false`.",
            "Its last values stay in ActiveCampaign; delete the field there if nobody needs it.",
        )
    return waiting[key]


def retire_to_false(store: Store, declarations: Declarations, key: str) -> Retired:
    """Make everybody leave a retired audience; the next sync delivers it. Raises UnknownName."""
    found = find_retired(store, declarations, key)
    end_memberships(store, key)
    return found
