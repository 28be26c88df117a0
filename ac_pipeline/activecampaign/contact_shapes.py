"""Contacts and what hangs on them, in the service's shapes, and as the rest of the program takes them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, Field

from ac_pipeline.activecampaign.shapes import Identified, Page, Shape, Text
from ac_pipeline.model.contact import Contact, ContactValue, ListStatus, Subscription


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo else None


Moment = Annotated[datetime | None, BeforeValidator(_moment)]
"""A moment with its offset; anything else, `0000-00-00` included, is None (reference, section 2)."""


class ContactObject(Identified):
    """A contact, full or compact (reference, section 6.1)."""

    email: Text = Field(default="", repr=False)
    first_name: Text = Field(default="", alias="firstName", repr=False)
    last_name: Text = Field(default="", alias="lastName", repr=False)
    phone: Text = Field(default="", repr=False)
    udate: Moment = None

    def contact(self) -> Contact:
        """Return it as a value."""
        return Contact(self.id, self.email, self.first_name, self.last_name, self.phone, self.udate)


class ContactsAnswer(Page):
    """A page of GET contacts."""

    contacts: tuple[ContactObject, ...]


class ValueObject(Identified):
    """A field value (reference, section 7.3)."""

    contact: Text
    field: Text
    value: Text = Field(default="", repr=False)

    def contact_value(self) -> ContactValue:
        """Return it as a value."""
        return ContactValue(self.id, self.contact, self.field, self.value)


class ValuesAnswer(Page):
    """A page of GET fieldValues, or all of one contact's."""

    values: tuple[ValueObject, ...] = Field(alias="fieldValues")


class SubscriptionObject(Identified):
    """A contact's state on a list (reference, section 9)."""

    list: Text
    status: Text = ""

    def subscription(self) -> Subscription:
        """Return it as a value."""
        known = {str(int(status)): status for status in ListStatus}
        return Subscription(self.id, self.list, known.get(self.status))


class SubscriptionsAnswer(Shape):
    """Answer to GET contacts/{id}/contactLists."""

    subscriptions: tuple[SubscriptionObject, ...] = Field(alias="contactLists")


class ContactAnswer(Shape):
    """Answer to GET one contact, with what is beside it."""

    contact: ContactObject
    values: tuple[ValueObject, ...] | None = Field(default=(), alias="fieldValues")
    subscriptions: tuple[SubscriptionObject, ...] | None = Field(default=(), alias="contactLists")
