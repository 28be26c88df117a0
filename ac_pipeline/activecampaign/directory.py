"""Many contacts: all of an account, those that changed, those of given ids. Counted apart from delivery."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice

from ac_pipeline.activecampaign.caller import Call, Caller
from ac_pipeline.activecampaign.connection import Params
from ac_pipeline.activecampaign.contact_shapes import ContactsAnswer
from ac_pipeline.activecampaign.line import Rank
from ac_pipeline.activecampaign.pages import PAGE
from ac_pipeline.activecampaign.reply import Reply
from ac_pipeline.activecampaign.shapes import read
from ac_pipeline.activecampaign.waits import http_date
from ac_pipeline.errors import ServiceUnavailable
from ac_pipeline.model.contact import Contact, DirectoryPage, ListStatus

START = "0"
"""The cursor before the first contact."""


async def directory(
    caller: Caller,
    now: Callable[[], datetime],
    *,
    cursor: str = START,
    updated_after: datetime | None = None,
    on_list: str | None = None,
    status: ListStatus | None = None,
) -> AsyncIterator[DirectoryPage]:
    """Yield the contacts after `cursor` by ascending id, as the vendor advises for large accounts (section 5).

    Only those changed after a moment, on one list, or in one state (there) where asked for. Raises
    OwnerMustAct or ServiceUnavailable, the latter also when the service answers out of order.
    """
    wanted: dict[str, Params] = {"orders[id]": "ASC", "limit": str(PAGE)}
    if updated_after is not None:
        wanted["filters[updated_after]"] = updated_after.astimezone(UTC).isoformat(timespec="seconds")
    if on_list is not None:
        wanted["listid"] = on_list
    if status is not None:
        wanted["status"] = str(int(status))
    over = False
    while not over:
        asked_at = now()
        reply = await _page(caller, {**wanted, "id_greater": cursor})
        answer = read(ContactsAnswer, reply, "GET /contacts")
        ids = [_number(contact.id) for contact in answer.contacts]
        if any(after <= before for before, after in zip([_number(cursor), *ids], ids, strict=False)):
            raise ServiceUnavailable("ActiveCampaign answered GET /contacts out of the order that was asked for.")
        # Whether the total counts what lies before the cursor is not documented: either way this is the end.
        over = not ids or (answer.meta.total is not None and answer.meta.total <= len(ids))
        cursor = str(ids[-1]) if ids else cursor
        if ids:
            contacts = tuple(contact.contact() for contact in answer.contacts)
            yield DirectoryPage(contacts, cursor, _service_time(reply, asked_at, now()))


async def contacts_by_id(
    caller: Caller, remote_ids: Iterable[str], *, rank: Rank = Rank.USUAL
) -> AsyncIterator[Contact]:
    """Yield those contacts of these ids that exist, in no order, 100 a request (`ids[]`: reference, section 5)."""
    for ids in _chunks(dict.fromkeys(remote_ids)):
        reply = await _page(caller, {"ids[]": ids, "limit": str(PAGE)}, rank)
        for contact in read(ContactsAnswer, reply, "GET /contacts").contacts:
            # A service that ignores the filter answers with others.
            if contact.id in ids:
                yield contact.contact()


async def _page(caller: Caller, params: Mapping[str, Params], rank: Rank = Rank.USUAL) -> Reply:
    call = Call("GET", "/contacts", "contacts", shows=("contacts",), params=params, rank=rank, apart=True)
    return await caller.needed(call)


def _service_time(reply: Reply, asked_at: datetime, answered_at: datetime) -> datetime:
    """Return a moment of the service's clock that is not after the request; its `Date` has whole seconds."""
    dated = http_date(reply.headers.get("date", ""))
    return asked_at if dated is None else dated - (answered_at - asked_at) - timedelta(seconds=1)


def _chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    left = iter(ids)
    while chunk := list(islice(left, PAGE)):
        yield chunk


def _number(remote_id: str) -> int:
    if not remote_id.isdecimal():
        raise ServiceUnavailable("ActiveCampaign gave a contact an id that is no number.")
    return int(remote_id)
