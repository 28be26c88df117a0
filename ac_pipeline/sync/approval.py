"""What becomes desired: the guard judges the newest window, a person releases what it held."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from ac_pipeline.errors import Inconsistent, UnknownName
from ac_pipeline.model.declaration import Declaration, Declarations, Kind
from ac_pipeline.model.properties import TAGS, properties_of
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
            keys = [item.key for item in properties_of(declaration) if item.key in computed]
            approved.update(_judge(store, declaration, keys, ids, as_of))
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
    keys = [item.key for item in properties_of(declaration) if desired.was_computed(store, ids[item.key], held.as_of)]
    with store.transaction():
        step = _compare(store, declaration, held.property_key, ids, held.as_of)
        same = (step.before, step.after, step.exits) == (held.before, held.after, held.exits)
        if same:
            for one in keys:
                desired.compare(store, ids[one], held.as_of)
                _approve(store, declaration, ids, one, held.as_of)
        else:
            reason = f"{held.reason}; computed again since"
            desired.hold(store, ids[held.property_key], held.as_of, step, reason)
    if not same:
        raise Inconsistent(
            f"`{key}` was computed again after it was held: {step.before:,} contacts would now become {step.after:,} "
            f"with {step.exits:,} exits, not {held.after:,} with {held.exits:,}. Nothing was released.",
            "If that is right, release it once more.",
        )
    return held


def _judge(
    store: Store, declaration: Declaration, keys: Sequence[str], ids: dict[str, int], as_of: datetime
) -> dict[str, desired.Step]:
    """The guard's verdict on one property decides for all of a declaration: of contacts on the e-mail and the tags."""
    for key in keys:
        if declaration.kind is Kind.CONTACTS and key not in {"email", TAGS}:
            continue
        step = _compare(store, declaration, key, ids, as_of)
        reason = verdict(declaration.guard, step)
        if reason is not None:
            reason = f"{key}: {reason}" if key == TAGS else reason
            desired.hold(store, ids[key], as_of, step, reason)
            logger.warning("%s is held: %s", declaration.key, reason)
            return {}
    approved = {}
    for key in keys:
        approved[key] = desired.compare(store, ids[key], as_of)
        _approve(store, declaration, ids, key, as_of)
    return approved


def _compare(store: Store, declaration: Declaration, key: str, ids: dict[str, int], as_of: datetime) -> desired.Step:
    """Compare with the approved values. Of contacts, those count as leaving whose address another one has now.

    Who vanishes from the contacts loses nothing, and stays known; but an address that changes hands takes
    what was said about it along, and many at once mean that users got other ids. Tags leave whose last one is gone.
    """
    step = desired.compare(store, ids[key], as_of)
    if declaration.kind is not Kind.CONTACTS:
        return step
    if key == TAGS:
        losing = desired.losing(store, as_of)
        return replace(step, after=step.before - losing if losing else step.after, exits=losing)
    return replace(step, exits=desired.changing_hands(store))


def _approve(store: Store, declaration: Declaration, ids: dict[str, int], key: str, as_of: datetime) -> None:
    desired.approve(store, declaration, key, ids[key], as_of)
    if key == "email":
        desired.drop_taken_emails(store, ids[key], as_of)
