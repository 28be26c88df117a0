"""The parts of the service's answers that are used, read leniently: ids and totals are text or numbers."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from ac_pipeline.activecampaign.reply import Reply
from ac_pipeline.errors import ServiceUnavailable


def _text(value: object) -> object:
    if value is None:
        return ""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _number(value: object) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() else None


Text = Annotated[str, BeforeValidator(_text)]
"""Text, or a number as text; null is empty."""
Total = Annotated[int | None, BeforeValidator(_number)]
"""A number, or a number as text; anything else is None."""


class Shape(BaseModel):
    """An object of the service; keys that are not named are of no interest."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class Identified(Shape):
    """Any object with an id."""

    id: Text


class Meta(Shape):
    """What a collection says of itself."""

    total: Total = None


# PHP writes an empty object as a list.
_Meta = Annotated[Meta, BeforeValidator(lambda value: value if isinstance(value, dict) else {})]


class Page(Shape):
    """A page of a collection."""

    meta: _Meta = Meta()


class UserAnswer(Shape):
    """Answer to users/me."""

    user: Identified


class AccountAnswer(Shape):
    """Answer to settings/account: flat."""

    account: Text = ""
    cname: Text = ""


class FieldObject(Identified):
    """A custom field; `relations` are ids of the lists' relations, not of lists."""

    title: Text
    type: Text = ""
    perstag: Text = ""
    relations: tuple[Text, ...] | None = ()


class OptionObject(Shape):
    """An option of a custom field."""

    field: Text
    value: Text
    orderid: Text = ""


class FieldsAnswer(Page):
    """A page of GET fields, with the options of its fields beside them."""

    fields: tuple[FieldObject, ...]
    options: tuple[OptionObject, ...] | None = Field(default=(), alias="fieldOptions")


class FieldAnswer(Shape):
    """Answer to GET one field, with its options beside it."""

    field: FieldObject
    options: tuple[OptionObject, ...] | None = Field(default=(), alias="fieldOptions")


class CreatedField(Shape):
    """Answer to POST fields: singular as recorded, a list as documented (reference, D12)."""

    field: Identified | None = None
    fields: tuple[FieldObject, ...] = ()


class GroupObject(Shape):
    """A group of custom fields; `type_id` 1 is for contacts."""

    id: Text
    type_id: Text = ""
    label: Text = ""


class GroupsAnswer(Shape):
    """Answer to GET groupDefinitions."""

    groups: tuple[GroupObject, ...] = Field(default=(), alias="groupDefinitions")


AnyShape = TypeVar("AnyShape", bound=Shape)


def read(shape: type[AnyShape], reply: Reply, endpoint: str) -> AnyShape:
    """Return a success in its shape. Raises ServiceUnavailable, without any value, when it has another one."""
    try:
        return shape.model_validate(reply.data)
    except ValidationError as error:
        faults = sorted({".".join(str(part) for part in fault["loc"]) for fault in error.errors(include_input=False)})
    # Outside the handler: the validation error would hang on to the answer.
    raise ServiceUnavailable(
        f"ActiveCampaign answered {endpoint} in a shape that is not understood ({', '.join(faults[:3])}).",
        "A later run tries again; if it stays so, the API has changed.",
    )
