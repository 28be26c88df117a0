"""Say again what was refused (`retry`) or acknowledged (`resend`); the next sync does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ac_pipeline.activecampaign.address import parse_address
from ac_pipeline.activecampaign.payloads import MOST_ROWS
from ac_pipeline.errors import UnknownName
from ac_pipeline.model.declaration import Declarations
from ac_pipeline.model.properties import properties_of
from ac_pipeline.settings import Settings
from ac_pipeline.store.again import Marked, mark_unknown, retry_refused
from ac_pipeline.store.desired import held_now
from ac_pipeline.store.store import Store

__all__ = ["Resend", "forecast", "resend", "retry"]


@dataclass(frozen=True, slots=True)
class Resend:
    """What is said again, in contacts, and roughly what that costs the next sync."""

    keys: tuple[str, ...]
    contacts: int
    values: int
    in_bulk: int
    """Those that go by bulk import, which keeps automations from starting; single calls cannot."""
    requests: int
    """Without what the account is asked beforehand."""
    others: int
    """Contacts that the next sync tells something new."""
    held: tuple[str, ...] = ()
    """Keys whose newest result the guard holds: what was approved last is said again."""
    withheld: Mapping[str, int] = field(default_factory=dict)


def retry(store: Store, reason: str = "") -> dict[str, int]:
    """Make contacts whose values were refused due again, all or those whose reason contains a text.

    Returns reason → contacts; empty when nothing of the kind is refused.
    """
    return retry_refused(store, reason)


def forecast(store: Store, settings: Settings, declarations: Declarations, keys: Sequence[str]) -> Resend:
    """Return what `resend` would do; nothing is kept of it. Raises UnknownName."""
    with store.rehearsal():
        return resend(store, settings, declarations, keys)


def resend(store: Store, settings: Settings, declarations: Declarations, keys: Sequence[str]) -> Resend:
    """Mark what was acknowledged of these declarations unknown, leavers included. Raises UnknownName.

    Addresses of contacts are not said again: by them contacts are found.
    """
    chosen = tuple(dict.fromkeys(keys))
    by_key = {declaration.key: declaration for declaration in declarations.all}
    if missing := [key for key in chosen if key not in by_key]:
        raise UnknownName(
            f"Not declared: {', '.join(f'`{key}`' for key in missing)}; declared are: {', '.join(by_key)}.",
            "A declaration whose file is gone says nothing any more; see `ac-pipeline retire`.",
        )
    properties = [item.key for key in chosen for item in properties_of(by_key[key]) if item.key != "email"]
    real = not parse_address(settings.account()[0]).loopback
    marked = mark_unknown(store, properties, declarations.destination, real_account=real)
    held = tuple(one.key for one in held_now(store) if one.key in chosen)
    return Resend(
        chosen, marked.contacts, marked.values, marked.in_bulk, _requests(marked), marked.others, held, marked.withheld
    )


def _requests(marked: Marked) -> int:
    """An import is one request, and one question once it is over."""
    return marked.calls + 2 * -(-marked.in_bulk // MOST_ROWS)
