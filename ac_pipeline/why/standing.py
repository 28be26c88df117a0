"""Why a property of a contact stands as it does."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from ac_pipeline.model.delivery import OPT_OUT_REASONS
from ac_pipeline.store.snapshots import FOREVER
from ac_pipeline.store.sql import sql
from ac_pipeline.store.store import Store
from ac_pipeline.why.model import Standing
from ac_pipeline.why.sentences import PROBLEMS, VERDICTS, WITHHELD, refusal, uncertainty

GONE = ("false", "unsubscribed", "", None)
"""What is said of somebody who is no member and has no value."""


@dataclass(frozen=True, slots=True)
class Row:
    """One property of the contact, as the store has it."""

    key: str
    kind: str
    declared: bool
    sent: bool
    desired: str | None
    state: str | None
    told: str | None
    reason: str | None
    attempt_id: int | None
    target: str | None
    """What it should be told; None when there is no difference to what it was told."""
    due: bool | None
    """Whether that asks to be sent by itself."""
    began: datetime | None
    ended: datetime | None
    held: str | None
    not_computed: str | None
    in_flight: bool
    planned: bool
    opt_out: str | None
    problems: tuple[str, ...]


def rows_of(store: Store) -> tuple[Row, ...]:
    """Return every property of the contact that the store holds alone."""
    names = [field.name for field in fields(Row)]
    found = store.connection.execute(f"select {', '.join(names)} from ({sql('why_standing')}) as standing").fetchall()
    return tuple(Row(**{**dict(zip(names, row, strict=True)), "problems": tuple(row[-1])}) for row in found)


def standing_of(row: Row, withheld: str | None) -> Standing:
    """Return why a property stands as it does; `withheld` is why the contact may not be sent now, if that is so."""
    code = verdict(row, withheld)
    hidden = row.kind == "contacts"
    wanted = row.target if row.target is not None else row.desired if row.state != "acknowledged" else row.told
    return Standing(
        row.key,
        row.kind,
        None if hidden else wanted,
        None if hidden else row.told,
        row.state or "",
        code,
        tuple(_reasons(row, code, withheld)),
        row.attempt_id,
    )


def verdict(row: Row, withheld: str | None) -> str:
    """Return the reason as a key of VERDICTS."""
    if row.in_flight:
        return "in_flight"
    if row.target is not None:
        return _of_difference(row, withheld)
    if row.kind in ("audience", "trait") and not row.declared:
        return "retired"
    if row.state is not None:
        return _of_told(row)
    if row.kind in ("audience", "trait") and not row.sent:
        return "not_spoken"
    if row.kind in ("tag", "list", "call"):
        return "unsaid"
    if row.began is None:
        return "never"
    return "left_untold" if row.desired is None and row.ended != FOREVER else "not_approved"


def _of_difference(row: Row, withheld: str | None) -> str:
    if not row.due:
        return "refused" if row.state == "rejected" else "waits_for_contact"
    if withheld is not None:
        return "withheld"
    if row.state == "unknown":
        return "uncertain"
    return "planned" if row.planned else "next_sync"


def _of_told(row: Row) -> str:
    if row.state == "rejected":
        return "refused"
    if row.state == "unknown":
        return "over"
    if row.kind == "call":
        return "scripted"
    gone = row.kind in ("trait", "contacts") and row.desired is None and row.told not in GONE
    return "kept" if gone else "confirmed"


def _reasons(row: Row, code: str, withheld: str | None) -> list[str]:
    said = [VERDICTS[code]]
    if code == "withheld" and withheld is not None:
        said.append(WITHHELD.get(withheld, withheld))
    if row.state == "rejected":
        said.append(refusal(row.reason or ""))
    elif row.state == "unknown" and (why := uncertainty(row.reason or "")):
        said.append(why)
    if row.opt_out in OPT_OUT_REASONS and row.opt_out != row.reason:
        said.append(refusal(row.opt_out))
    if row.held is not None:
        said.append(
            f"The guard holds the newest result ({row.held}), so the members approved before stay; "
            f"`ac-pipeline release` accepts it."
        )
    if row.not_computed is not None:
        said.append(f"It is unknown for the newest window ({row.not_computed}); what was approved before stays.")
    said += [f"A row of the newest window could not be used: {PROBLEMS.get(kind, kind)}" for kind in row.problems]
    return said
