"""Names of the account's fields, tags, lists and automations: each kind is read once, when a call first needs it."""

from __future__ import annotations

from dataclasses import replace

from ac_pipeline.activecampaign import ActiveCampaign
from ac_pipeline.model.account import Field, FieldSpec
from ac_pipeline.model.automation import Automation
from ac_pipeline.model.contact import MailingList, Tag

NEW = "new"
"""Stands for the id of what a dry run would create."""


class Catalog:
    """What several calls over one connection share. In a `rehearsal` nothing is created; `wanted` says what would be.

    It has the methods of the client that sync's own preparation asks for.
    """

    def __init__(self, client: ActiveCampaign) -> None:
        self._client = client
        self._fields: dict[str, Field] | None = None
        self._tags: list[Tag] | None = None
        self._lists: list[MailingList] | None = None
        self._automations: list[Automation] | None = None
        self.rehearsal = False
        self.wanted: list[str] = []

    async def fields(self) -> list[Field]:
        """Return all custom fields."""
        if self._fields is None:
            self._fields = {field.id: field for field in await self._client.fields()}
        return list(self._fields.values())

    async def create_field(self, spec: FieldSpec) -> Field:
        """Create a custom field that everybody can see."""
        if self.rehearsal:
            self.wanted.append("POST /fields")
            return Field(NEW, spec.title, spec.type.value, spec.perstag, spec.options)
        return self._keep(await self._client.create_field(spec))

    async def complete_field(self, field: Field, spec: FieldSpec) -> Field:
        """Add what a field lacks."""
        if self.rehearsal:
            missing = tuple(option for option in spec.options if option not in field.options)
            self.wanted += ["POST /fieldOption/bulk"] if missing and field.id != NEW else []
            return replace(field, options=field.options + missing)
        return self._keep(await self._client.complete_field(field, spec))

    async def tags(self) -> list[Tag]:
        """Return all tags for contacts."""
        if self._tags is None:
            self._tags = await self._client.tags()
        return self._tags

    async def create_tag(self, name: str) -> Tag:
        """Create a tag for contacts."""
        if self.rehearsal:
            self.wanted.append("POST /tags")
            return Tag(NEW, name)
        tag = await self._client.create_tag(name)
        self._tags = [*await self.tags(), tag]
        return tag

    async def lists(self) -> list[MailingList]:
        """Return all lists."""
        if self._lists is None:
            self._lists = await self._client.lists()
        return self._lists

    async def automations(self) -> list[Automation]:
        """Return all automations."""
        if self._automations is None:
            self._automations = await self._client.automations()
        return self._automations

    def _keep(self, field: Field) -> Field:
        if self._fields is not None:
            self._fields[field.id] = field
        return field
