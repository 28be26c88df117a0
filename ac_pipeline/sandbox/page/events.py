"""What was tracked, and the automations: of the whole account, and of one contact."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from ac_pipeline.markup import Child, Markup, element, table
from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.page.layout import live, page
from ac_pipeline.sandbox.tables import automations, tracked, tracking
from ac_pipeline.sandbox.tables.tracked import Tracked

_MOST = 200
"""Events that are shown."""
_COLUMNS = ("Time", "Event", "Value", "Referrer")


class EventsPage:
    """`/events`."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def show(self, _request: Request) -> Response:
        """Answer one request."""
        return page(self._account, "Events", live("events", *self._parts()))

    def _parts(self) -> list[Markup]:
        db = self._account.db
        events, site = ("on" if tracking.is_on(db, of) else "off" for of in tracking.KINDS)
        domains, _ = tracking.domains(db)
        state = f"Event tracking is {events}, site tracking {site}. Domains: {', '.join(domains) or 'none'}."
        found, _ = automations.select(db)
        made = [
            (one.id, one.name, "Active" if one.status == automations.ACTIVE else "Inactive", one.entered, one.exited)
            for one in found
        ]
        newest = tracked.latest(db, _MOST)
        rows: list[tuple[Child, ...]] = [(*_row(self._account, one), _whose(one)) for one in newest]
        return [
            element("p", state),
            table(
                "By name", ("Event", "Times", "Contacts"), [(_name(kind), *much) for kind, *much in tracked.counts(db)]
            ),
            table("Automations", ("Id", "Automation", "Status", "Entered", "Left"), [*made]),
            table(f"The newest, up to {_MOST}", (*_COLUMNS, "Whose"), rows),
        ]


def of_contact(account: Account, contact: int) -> list[Markup]:
    """Return the automations a contact has entered and what was tracked of it, newest first; only what there is."""
    events = list(reversed(tracked.of_contact(account.db, contact)))
    entries = automations.of_contact(account.db, contact)
    names = {one.id: one.name for one in automations.select(account.db)[0]} if entries else {}
    parts: list[Markup] = []
    if entries:
        rows: list[tuple[Child, ...]] = [(names[one.automation], account.time.plain(one.added_at)) for one in entries]
        parts.append(table("Automations", ("Automation", "Entered"), rows))
    if events:
        caption = "Events" if len(events) <= _MOST else f"Events: the newest {_MOST} of {len(events):,}"
        parts.append(table(caption, _COLUMNS, [_row(account, one) for one in events[:_MOST]]))
    return parts


def _row(account: Account, one: Tracked) -> tuple[Child, ...]:
    return account.time.plain(one.created_at), _name(one.type), one.value, one.referrer


def _name(kind: str) -> str:
    return "Page visit" if kind == tracked.VISIT else kind


def _whose(one: Tracked) -> Child:
    if one.contact is None:
        return f"{one.email or 'no address'} (no contact)"
    return element("a", one.email, href=f"/contact/{one.contact}")
