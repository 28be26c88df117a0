"""What may stand in each kind of declaration file. Anything else is an error."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ac_pipeline.model.declaration import CreateContacts, ValueType

# Hyphens as BigQuery's projects have them, never two, which would begin a comment.
_RELATION = re.compile(r"^[A-Za-z_][A-Za-z0-9_$]*(-[A-Za-z0-9_$]+)*(\.[A-Za-z_][A-Za-z0-9_$]*){0,2}$")


def _relation(value: str) -> str:
    if not _RELATION.match(value):
        raise ValueError("is not the name of a relation; write schema.table, without quotes")
    return value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("is empty")
    return value


Text = Annotated[str, AfterValidator(_not_blank)]
Relation = Annotated[str, AfterValidator(_relation)]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class GuardFile(_File):
    """`guard:`; what is absent falls back to destination.yaml, then to the defaults."""

    max_exit_share: float | None = Field(default=None, ge=0, le=1)
    min_members: int | None = Field(default=None, ge=1)


class MembershipFile(_File):
    """`membership:`; how ActiveCampaign is told."""

    field: bool = True


class SourceFile(_File):
    """What every declaration has."""

    sql: Text | None = None
    model: Relation | None = None
    description: str = ""
    owner: Text | None = None


class ContactsFile(SourceFile):
    """`contacts.yaml`: who can be synced."""


class AudienceFile(SourceFile):
    """`audiences/<key>.yaml`."""

    name: Text
    membership: MembershipFile = MembershipFile()
    guard: GuardFile = GuardFile()


class TraitFile(SourceFile):
    """`traits/<key>.yaml`."""

    name: Text
    guard: GuardFile = GuardFile()
    type: ValueType = Field(strict=False)


class DestinationFile(_File):
    """`destination.yaml`."""

    create_contacts: CreateContacts = Field(default=CreateContacts.WITH_NAME, strict=False)
    create_fields: bool = True
    guard: GuardFile = GuardFile()
