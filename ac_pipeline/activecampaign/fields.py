"""Custom fields: read all of them, create what is missing, finish what a crash left half done."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping

from ac_pipeline.activecampaign.caller import Call, Caller, Unconfirmed, failure_of
from ac_pipeline.activecampaign.catalog import FieldCatalog, name_key
from ac_pipeline.activecampaign.pages import pages
from ac_pipeline.activecampaign.shapes import (
    CreatedField,
    FieldAnswer,
    FieldObject,
    FieldsAnswer,
    GroupsAnswer,
    OptionObject,
    read,
)
from ac_pipeline.errors import OwnerMustAct, ServiceUnavailable
from ac_pipeline.model.account import Field, FieldSpec
from ac_pipeline.model.delivery import Outcome

logger = logging.getLogger(__name__)

TRIES = 3
DEFAULT_GROUP = "{**DEFAULT**}"
CONTACT_GROUPS = "1"


class Fields:
    """The custom fields of one account.

    A relation to a list is the last thing a new field gets; one without any was left half done.
    """

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._unrelated: set[str] = set()
        self._group: str | None = None
        self._group_known = False

    async def all(self) -> list[Field]:
        """Return every field, all pages, options in their order."""
        objects: dict[str, FieldObject] = {}
        options: list[OptionObject] = []
        async for page in pages(self._caller, "fields", FieldsAnswer, lambda page: page.fields):
            for item in page.fields:
                objects.setdefault(item.id, item)
            options += page.options or ()
        self._unrelated = {item.id for item in objects.values() if not item.relations}
        values = _values_by_field(options)
        return [_field(item, values[item.id]) for item in objects.values()]

    async def create(self, spec: FieldSpec) -> Field:
        """Create a field with its options, shown on all lists; one that is already there is completed.

        Raises OwnerMustAct when the service refuses.
        """
        new = {"title": spec.title, "type": spec.type.value, "perstag": spec.perstag, "visible": "1"}
        body = json.dumps({"field": new})
        # May be repeated: a second one with the same title is refused as a duplicate.
        call = Call("POST", "/fields", "fields", shows=("field", "fields"), body=body)
        ending = await self._caller.end(call)
        if ending.outcome is Outcome.REJECTED and ending.reply.code == "duplicate":
            return await self._existing(spec)
        if ending.outcome is not Outcome.ACKNOWLEDGED:
            raise failure_of(ending)
        answer = read(CreatedField, ending.reply, call.endpoint)
        created = answer.field or next((f for f in answer.fields if name_key(f.title) == name_key(spec.title)), None)
        if created is None:
            return await self._existing(spec)
        logger.info("field %s created", created.id)
        return await self._finish(created.id, spec)

    async def complete(self, field: Field, spec: FieldSpec) -> Field:
        """Add what an existing field lacks; no request when the last reading of all fields showed nothing missing."""
        if field.id not in self._unrelated and not _missing(field.options, spec):
            return field
        return await self._finish(field.id, spec)

    async def _existing(self, spec: FieldSpec) -> Field:
        catalog = FieldCatalog(await self.all())
        found = catalog.by_title(spec.title) or catalog.by_tag(spec.perstag)
        if found is None:
            raise OwnerMustAct(
                f"ActiveCampaign refuses a second field titled {spec.title!r}, and does not show the first.",
                "Let the key's user see all custom fields, or retitle the declaration.",
            )
        return await self.complete(found, spec)

    async def _finish(self, field_id: str, spec: FieldSpec) -> Field:
        """Bring a field from any half-done state to the end; what may have been done is looked up, not repeated."""
        for failures in range(1, TRIES + 1):
            try:
                return await self._finish_once(field_id, spec)
            except Unconfirmed:
                logger.info("field %s: a step is unconfirmed, reading the field again", field_id)
            await self._caller.back_off(failures)
        raise ServiceUnavailable("ActiveCampaign did not confirm a new custom field.", "A later run completes it.")

    async def _finish_once(self, field_id: str, spec: FieldSpec) -> Field:
        call = Call("GET", "/fields/{id}", f"fields/{field_id}", shows=("field",))
        answer = read(FieldAnswer, await self._caller.needed(call), call.endpoint)
        field = _field(answer.field, _values_by_field(answer.options or ())[answer.field.id])
        if missing := _missing(field.options, spec):
            await self._add_options(field, missing)
        if not answer.field.relations:
            await self._join_group(field_id)
            relation = {"fieldRel": {"field": field_id, "relid": 0}}
            await self._post("/fieldRels", relation, shows="fieldRel")
        self._unrelated.discard(field_id)
        return Field(field.id, field.title, field.type, field.perstag, field.options + missing)

    async def _add_options(self, field: Field, missing: tuple[str, ...]) -> None:
        first = len(field.options) + 1
        options = [
            {"field": field.id, "label": value, "value": value, "orderid": order, "isdefault": False}
            for order, value in enumerate(missing, first)
        ]
        await self._post("/fieldOption/bulk", {"fieldOptions": options}, shows="fieldOptions")

    async def _join_group(self, field_id: str) -> None:
        """Put the field into the default group of contact fields, where there is one and the key may."""
        group = await self._default_group()
        if group is None:
            return
        try:
            member = {"groupMember": {"rel_id": field_id, "group_id": group, "ordernum": None}}
            await self._post("/groupMembers", member, shows="groupMember")
        except OwnerMustAct:
            # It decides where the field stands on a contact's page, not whether it works.
            logger.warning("field %s could not be put into the default group", field_id)

    async def _default_group(self) -> str | None:
        if not self._group_known:
            call = Call("GET", "/groupDefinitions", "groupDefinitions", shows=("groupDefinitions",))
            try:
                answer = read(GroupsAnswer, await self._caller.needed(call), call.endpoint)
            except OwnerMustAct:
                logger.warning("the groups of custom fields could not be read")
                answer = GroupsAnswer()
            matching = [g.id for g in answer.groups if g.label == DEFAULT_GROUP and g.type_id == CONTACT_GROUPS]
            self._group, self._group_known = next(iter(matching), None), True
        return self._group

    async def _post(self, path: str, content: Mapping[str, object], *, shows: str) -> None:
        body = json.dumps(content)
        await self._caller.needed(Call("POST", path, path[1:], shows=(shows,), body=body, repeatable=False))


def _field(item: FieldObject, options: tuple[str, ...]) -> Field:
    return Field(item.id, item.title, item.type, item.perstag.strip("%"), options)


def _values_by_field(options: Iterable[OptionObject]) -> dict[str, tuple[str, ...]]:
    """Return option values by field id, in the order marketers see, each once."""
    found: dict[str, tuple[str, ...]] = defaultdict(tuple)
    for option in sorted(options, key=lambda option: int(option.orderid) if option.orderid.isdecimal() else 0):
        if option.value not in found[option.field]:
            found[option.field] += (option.value,)
    return found


def _missing(options: tuple[str, ...], spec: FieldSpec) -> tuple[str, ...]:
    return tuple(value for value in spec.options if value not in options)
