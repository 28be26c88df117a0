"""What becomes desired: the guard judges the newest window, a person releases what it held."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime

from ac_pipeline.errors import Inconsistent, UnknownName
from ac_pipeline.model.declaration import Declaration, Declarations, Kind
from ac_pipeline.model.properties import properties_of
from ac_pipeline.store import desired
from ac_pipeline.store.snapshots import WindowSnapshot
from ac_pipeline.store.store import Store, naive
from ac_pipeline.sync.guard import verdict

logger = logging.getLogger(__name__)


def judge(
    store: Store, declarations: Declarations, ids: dict[str, int], taken: WindowSnapshot
) -> dict[str, desired.Step]:
    """Approve or hold each declaration that has a result in the newest window; return the steps approved.

    One without a result (it failed, or was not selected) keeps its last approved values.
    """
    computed = {snapshot.key for snapshot in taken.snapshots} - {key for key, _ in taken.missing}
    as_of = naive(taken.window.as_of)
    approved: dict[str, desired.Step] = {}
    with store.transaction():
        for declaration in declarations.all:
            if properties_of(declaration)[0].key in computed:
                approved.update(_judge(store, declaration, ids, as_of))
    return approved


def release(store: Store, declarations: Declarations, ids: dict[str, int], key: str) -> desired.Held:
    """Let the result of a held declaration become desired; the next sync delivers it.

    Raises UnknownName when nothing of that name is held.
    """
    waiting = {held.key: held for held in desired.held_now(store)}
    declaration = next((d for d in declarations.all if d.key == key), None)
    if key not in waiting or declaration is None:
        names = ", ".join(waiting) or "nothing"
        raise UnknownName(f"`{key}` is not held; held now: {names}.", "See `ac-pipeline status`.")
    held = waiting[key]
    first = ids[properties_of(declaration)[0].key]
    with store.transaction():
        step = _compare(store, declaration, first, held.as_of)
        same = (step.before, step.after, step.exits) == (held.before, held.after, held.exits)
        if same:
            for item in properties_of(declaration):
                desired.compare(store, ids[item.key], held.as_of)
                _approve(store, declaration, ids, item.key, held.as_of)
        else:
            desired.hold(store, first, held.as_of, step, f"{held.reason}; computed again since")
    if not same:
        raise Inconsistent(
            f"`{key}` was computed again after it was held: {step.before:,} contacts would now become {step.after:,} "
            f"with {step.exits:,} exits, not {held.after:,} with {held.exits:,}. Nothing was released.",
            "If that is right, release it once more.",
        )
    return held


def _judge(store: Store, declaration: Declaration, ids: dict[str, int], as_of: datetime) -> dict[str, desired.Step]:
    """The first property of a declaration decides for all: of contacts that is the e-mail."""
    approved = {}
    for number, item in enumerate(properties_of(declaration)):
        step = _compare(store, declaration, ids[item.key], as_of)
        reason = verdict(declaration.guard, step) if number == 0 else None
        if reason is not None:
            desired.hold(store, ids[item.key], as_of, step, reason)
            logger.warning("%s is held: %s", declaration.key, reason)
            return {}
        _approve(store, declaration, ids, item.key, as_of)
        approved[item.key] = step
    return approved


def _compare(store: Store, declaration: Declaration, property_id: int, as_of: datetime) -> desired.Step:
    """Compare with the approved values. Of contacts, those count as leaving whose address another one has now.

    Who vanishes from the contacts loses nothing, and stays known; but an address that changes hands takes
    what was said about it along, and many at once mean that users got other ids.
    """
    step = desired.compare(store, property_id, as_of)
    if declaration.kind is Kind.CONTACTS:
        return replace(step, exits=desired.changing_hands(store))
    return step


def _approve(store: Store, declaration: Declaration, ids: dict[str, int], key: str, as_of: datetime) -> None:
    desired.approve(store, ids[key], as_of, keep_vanished=declaration.kind is Kind.CONTACTS)
    if key == "email":
        desired.drop_taken_emails(store, ids[key], as_of)
