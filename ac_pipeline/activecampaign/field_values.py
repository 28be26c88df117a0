"""Values of custom fields, one at a time; contact/sync and bulk import carry them with less effort."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import quote

from ac_pipeline.activecampaign.caller import Call, Caller
from ac_pipeline.activecampaign.contact_shapes import ValuesAnswer
from ac_pipeline.activecampaign.contacts import answer_of, is_gone, unless_gone
from ac_pipeline.activecampaign.pages import PAGE, pages
from ac_pipeline.activecampaign.shapes import read
from ac_pipeline.model.contact import ContactValue
from ac_pipeline.model.delivery import Answer, Outcome


@dataclass(frozen=True, slots=True)
class ValuesPage:
    """Up to 100 values of one field. `offset` resumes after them, as long as none is deleted."""

    values: tuple[ContactValue, ...]
    offset: int


async def set_value(caller: Caller, contact_id: str, field_id: str, text: str) -> Answer:
    """POST fieldValues: create or replace one value (reference, section 7.3); `text` is encoded for its field."""
    value = {"contact": contact_id, "field": field_id, "value": text}
    body = json.dumps({"fieldValue": value, "useDefaults": False})
    return answer_of(await caller.end(Call("POST", "/fieldValues", "fieldValues", shows=("fieldValue",), body=body)))


async def delete_value(caller: Caller, value_id: str) -> Answer:
    """DELETE fieldValues/{id}: the documented way to clear a value; gone is as good (reference, section 16)."""
    ending = await caller.end(Call("DELETE", "/fieldValues/{id}", f"fieldValues/{quote(value_id, safe='')}"))
    if is_gone(ending):
        return Answer(Outcome.ACKNOWLEDGED, ending.reply.status)
    return answer_of(ending)


async def contact_values(caller: Caller, contact_id: str) -> list[ContactValue] | None:
    """Return all field values of a contact, None when the contact is gone (reference, section 2: no pages)."""
    path = f"contacts/{quote(contact_id, safe='')}/fieldValues"
    call = Call("GET", "/contacts/{id}/fieldValues", path, shows=("fieldValues",))
    reply = await unless_gone(caller, call)
    if reply is None:
        return None
    return [item.contact_value() for item in read(ValuesAnswer, reply, call.endpoint).values]


async def find_values(caller: Caller, field_id: str, text: str) -> list[ContactValue]:
    """Return who has exactly this value in a field, all pages: a look-up by external id (reference, section 5)."""
    found: dict[str, ContactValue] = {}
    params = {"filters[fieldid]": field_id, "filters[val]": text}
    async for page in pages(caller, "fieldValues", ValuesAnswer, lambda page: page.values, params):
        for item in page.values:
            # A filter that is ignored, or finds parts, would bring others.
            if item.field == field_id and item.value == text:
                found.setdefault(item.id, item.contact_value())
    return list(found.values())


async def values_of_field(caller: Caller, field_id: str, *, offset: int = 0) -> AsyncIterator[ValuesPage]:
    """Yield what all contacts have in a field, from `offset` on, 100 a request, counted as directory (section 5).

    A page that brings nothing new is the last, whatever the total says. Raises OwnerMustAct or ServiceUnavailable.
    """
    before: set[str] = set()
    over = False
    while not over:
        asked = {"filters[fieldid]": field_id, "limit": str(PAGE), "offset": str(offset)}
        call = Call("GET", "/fieldValues", "fieldValues", shows=("fieldValues",), params=asked, apart=True)
        page = read(ValuesAnswer, await caller.needed(call), call.endpoint)
        ids = {item.id for item in page.values}
        if ids <= before:
            return
        before = ids
        offset += len(page.values)
        over = len(page.values) < PAGE if page.meta.total is None else offset >= page.meta.total
        # A filter that is ignored would bring others.
        yield ValuesPage(tuple(item.contact_value() for item in page.values if item.field == field_id), offset)
