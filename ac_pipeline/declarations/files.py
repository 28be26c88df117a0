"""What may stand in each kind of declaration file. Anything else is an error."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from ac_pipeline.declarations.texts import FieldTitle, Name, Option, Relation, TagName, Text, list_name, name_or_id
from ac_pipeline.model.declaration import CreateContacts, CreateFor, Nulls, ValueType

# Strict values know no enums: in YAML they are texts.
NullPolicy = Annotated[Nulls, Field(strict=False)]
CreatePolicy = Annotated[CreateContacts, Field(strict=False)]
Creator = Annotated[CreateFor, Field(strict=False)]
TraitType = Annotated[ValueType, Field(strict=False)]

CHOICES = frozenset({ValueType.CHOICE, ValueType.MULTI_CHOICE})


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class GuardFile(_File):
    """`guard:`; what is absent falls back to destination.yaml, then to the defaults."""

    max_exit_share: float | None = Field(default=None, ge=0, le=1)
    min_members: int | None = Field(default=None, ge=1)


class ListsFile(_File):
    """`lists:` of the contacts; whether people who opted out are subscribed again, and why that is right."""

    resubscribe: bool = False
    reason: Name | None = Field(default=None, validate_default=True)

    @field_validator("reason")
    @classmethod
    def _goes_with_resubscribe(cls, value: str | None, info: ValidationInfo) -> str | None:
        asked = info.data.get("resubscribe")
        if asked is True and value is None:
            raise ValueError("is missing; say why people who opted out may be subscribed again")
        if asked is False and value is not None:
            raise ValueError("is only for `resubscribe: true`; remove it, or add that")
        return value


class MemberListFile(ListsFile):
    """`membership.list:`."""

    list: str
    unsubscribe_on_exit: bool = False

    @field_validator("list", mode="before")
    @classmethod
    def _name_or_id(cls, value: object) -> str:
        return list_name(value)


class MemberAutomationFile(_File):
    """`membership.automation:`."""

    automation: str
    begin: Literal["new", "all"] = Field(default="new", alias="from")

    @field_validator("automation", mode="before")
    @classmethod
    def _name_or_id(cls, value: object) -> str:
        return name_or_id(value, "an automation")


class MembershipFile(_File):
    """`membership:`; how ActiveCampaign is told."""

    field: bool = True
    explicit_false: bool = False
    tag: TagName | None = None
    list: MemberListFile | None = None
    events: bool = False
    automation: MemberAutomationFile | None = None

    @field_validator("explicit_false")
    @classmethod
    def _needs_the_field(cls, value: bool, info: ValidationInfo) -> bool:  # noqa: FBT001
        if value and info.data.get("field") is False:
            raise ValueError("needs the field; remove it, or `field: false`")
        return value

    @field_validator("list", mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        return value if value is None or isinstance(value, dict) else {"list": list_name(value)}

    @field_validator("automation", mode="before")
    @classmethod
    def _automation_alone(cls, value: object) -> object:
        return value if value is None or isinstance(value, dict) else {"automation": name_or_id(value, "an automation")}


class SourceFile(_File):
    """What every declaration has."""

    sql: Text | None = None
    model: Relation | None = None
    description: str = ""
    owner: Text | None = None


class ContactsFile(SourceFile):
    """`contacts.yaml`: who can be synced."""

    nulls: NullPolicy = Nulls.KEEP
    lists: ListsFile = ListsFile()


class AudienceFile(SourceFile):
    """`audiences/<key>.yaml`."""

    name: Text
    membership: MembershipFile = MembershipFile()
    guard: GuardFile = GuardFile()


class TraitFile(SourceFile):
    """`traits/<key>.yaml`."""

    name: Text
    guard: GuardFile = GuardFile()
    type: TraitType
    options: list[Option] | None = None
    unknown_options: Literal["create", "refuse"] | None = None
    nulls: NullPolicy | None = None
    field: FieldTitle | None = None

    @field_validator("options", "unknown_options", mode="before")
    @classmethod
    def _only_of_choices(cls, value: object, info: ValidationInfo) -> object:
        kind = info.data.get("type")
        if value is not None and kind is not None and kind not in CHOICES:
            raise ValueError("is only for `type: choice` and `type: multi_choice`; remove it, or change the type")
        return value

    @field_validator("options")
    @classmethod
    def _each_once(cls, value: list[str] | None) -> list[str] | None:
        if value is not None and not value:
            raise ValueError("is empty; list the options, or leave the setting out")
        twice = [option for option, count in Counter(value or ()).items() if count > 1]
        if twice:
            raise ValueError(f"has {', '.join(f'`{option}`' for option in twice)} more than once; keep one of each")
        return value


class DestinationFile(_File):
    """`destination.yaml`."""

    create_contacts: CreatePolicy = CreateContacts.WITH_NAME
    create_contacts_for: list[Creator] = [CreateFor.AUDIENCES]
    update_existing: bool = False
    create_fields: bool = True
    user_id_field: FieldTitle | None = "User ID"
    nulls: NullPolicy = Nulls.KEEP
    import_from: int = Field(default=10, ge=2)
    guard: GuardFile = GuardFile()

    @field_validator("create_contacts_for")
    @classmethod
    def _not_empty(cls, value: list[CreateFor]) -> list[CreateFor]:
        if not value:
            raise ValueError("is empty; `create_contacts: never` creates nobody")
        return value
