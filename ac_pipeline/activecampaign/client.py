"""The client of one ActiveCampaign account."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from datetime import datetime

from ac_pipeline.activecampaign import automations, contacts, events, field_values, lists, tags
from ac_pipeline.activecampaign.account import account_name, user_id
from ac_pipeline.activecampaign.address import Address
from ac_pipeline.activecampaign.bulk import BulkImport
from ac_pipeline.activecampaign.caller import Caller
from ac_pipeline.activecampaign.directory import START, contacts_by_id, directory
from ac_pipeline.activecampaign.field_values import ValuesPage
from ac_pipeline.activecampaign.fields import Fields
from ac_pipeline.activecampaign.line import Rank
from ac_pipeline.activecampaign.payloads import Batch
from ac_pipeline.activecampaign.tracking import Tracker
from ac_pipeline.errors import SettingsError
from ac_pipeline.model.account import Account, Field, FieldSpec
from ac_pipeline.model.automation import Automation, Enrolled, Enrolment
from ac_pipeline.model.bulk import ImportProgress, Submission
from ac_pipeline.model.contact import (
    Contact,
    ContactDetails,
    ContactTag,
    ContactValue,
    DirectoryPage,
    ListStatus,
    MailingList,
    Subscription,
    Tag,
    Tagged,
)
from ac_pipeline.model.delivery import Answer
from ac_pipeline.model.tracking import LoggedEvent


class ActiveCampaign:
    """One account. Its methods may be awaited side by side; the limiter puts their requests in order.

    Methods that return an Answer, a Tagged, an Enrolled or a Submission raise nothing the network or the service
    causes; the others raise OwnerMustAct or ServiceUnavailable. What belongs to one contact is None when that is gone.
    """

    def __init__(
        self,
        address: Address,
        caller: Caller,
        bulk: BulkImport,
        now: Callable[[], datetime],
        tracker: Tracker | None = None,
    ) -> None:
        self._address, self._caller, self._bulk, self._now = address, caller, bulk, now
        self._tracker = tracker
        self._fields = Fields(caller)
        self._key_works = False

    def __repr__(self) -> str:
        return f"ActiveCampaign({self._address.host})"

    @property
    def host(self) -> str:
        """Host of the API URL, with the port unless it is the default."""
        return self._address.host

    @property
    def in_flight(self) -> int:
        """How many requests are under way at most; more calls than that wait their turn."""
        return self._caller.in_flight

    @property
    def calls(self) -> int:
        """How many calls to await side by side so that those which wait to be repeated keep no other from its turn."""
        return 2 * self._caller.in_flight

    @property
    def requests(self) -> Mapping[str, int]:
        """Requests made so far by endpoint (`PUT /contacts/{id}`), repeated and throttled ones included."""
        tracked = self._tracker.requests if self._tracker else {}
        return dict(sorted({**self._caller.requests, **tracked}.items()))

    @property
    def directory_requests(self) -> int:
        """Requests made so far to read many contacts, which are not in `requests`."""
        return self._caller.requests_apart.total()

    async def me(self) -> str:
        """Check URL and key; return the id of the key's user."""
        found = await user_id(self._caller)
        self._key_works = True
        return found

    async def account(self) -> Account:
        """Return which account this is; its name is None when the key may not read it."""
        if not self._key_works:
            await self.me()
        return Account(self.host, await account_name(self._caller))

    async def fields(self) -> list[Field]:
        """Return all custom fields of contacts."""
        return await self._fields.all()

    async def create_field(self, spec: FieldSpec) -> Field:
        """Create a custom field, complete and shown on all lists; one of that title is used if there is one."""
        return await self._fields.create(spec)

    async def complete_field(self, field: Field, spec: FieldSpec) -> Field:
        """Add what a field lacks: options, and what a crash left undone; free when there is nothing to add."""
        return await self._fields.complete(field, spec)

    async def find_contact(self, email: str) -> str | None:
        """Return the id of the contact with that address, None when there is none."""
        found = await self.contact_of(email)
        return found.id if found else None

    async def contact_of(self, email: str) -> Contact | None:
        """Return the contact with that address, None when there is none."""
        return await contacts.find_contact(self._caller, email)

    async def contact(self, remote_id: str) -> ContactDetails | None:
        """Return a contact with its field values and lists; slow, and the contact's history shows it."""
        return await contacts.get_contact(self._caller, remote_id)

    def contacts(self, remote_ids: Iterable[str], *, rank: Rank = Rank.USUAL) -> AsyncIterator[Contact]:
        """Return those of these contacts that exist, in no order; counted as directory."""
        return contacts_by_id(self._caller, remote_ids, rank=rank)

    def directory(
        self,
        *,
        cursor: str = START,
        updated_after: datetime | None = None,
        on_list: str | None = None,
        status: ListStatus | None = None,
    ) -> AsyncIterator[DirectoryPage]:
        """Return all contacts after `cursor`, a page at a time; each page has the cursor to resume from.

        Only those changed after a moment, on one list, or in one state (there) where asked for.
        """
        return directory(
            self._caller, self._now, cursor=cursor, updated_after=updated_after, on_list=on_list, status=status
        )

    async def sync_contact(self, body: str) -> Answer:
        """Create or update a contact by e-mail; `body` is the finished JSON of contact/sync."""
        return await contacts.sync_contact(self._caller, body)

    async def create_contact(self, body: str) -> Answer:
        """Create a contact; rejected as `duplicate` when the address is taken. `body` is the finished JSON."""
        return await contacts.create_contact(self._caller, body)

    async def update_contact(self, remote_id: str, body: str) -> Answer:
        """Update a contact by id; `body` is the finished JSON. A contact that is gone is rejected as `not found`."""
        return await contacts.update_contact(self._caller, remote_id, body)

    async def contact_values(self, contact_id: str) -> list[ContactValue] | None:
        """Return the field values of a contact."""
        return await field_values.contact_values(self._caller, contact_id)

    async def find_values(self, field_id: str, text: str) -> list[ContactValue]:
        """Return every contact that has exactly this text in a field."""
        return await field_values.find_values(self._caller, field_id, text)

    def values_of_field(self, field_id: str, *, offset: int = 0) -> AsyncIterator[ValuesPage]:
        """Return what all contacts have in a field, a page at a time; each has the offset to resume from.

        Counted as directory.
        """
        return field_values.values_of_field(self._caller, field_id, offset=offset)

    async def set_value(self, contact_id: str, field_id: str, text: str) -> Answer:
        """Set one field of a contact; `text` is encoded for the field's type."""
        return await field_values.set_value(self._caller, contact_id, field_id, text)

    async def delete_value(self, value_id: str) -> Answer:
        """Clear one field of a contact by the id of its value; one that is gone is acknowledged."""
        return await field_values.delete_value(self._caller, value_id)

    async def tags(self) -> list[Tag]:
        """Return all tags for contacts."""
        return await tags.all_tags(self._caller)

    async def create_tag(self, name: str) -> Tag:
        """Create a tag for contacts; one of that name, in whatever case, is used if there is one."""
        return await tags.create_tag(self._caller, name)

    async def contact_tags(self, contact_id: str) -> list[ContactTag] | None:
        """Return the tags on a contact."""
        return await tags.contact_tags(self._caller, contact_id)

    async def add_tag(self, contact_id: str, tag_id: str) -> Tagged:
        """Put a tag on a contact; calling twice does the same as once."""
        return await tags.add_tag(self._caller, contact_id, tag_id)

    async def remove_tag(self, association_id: str) -> Answer:
        """Take a tag off a contact by ContactTag.id, which is not the tag's own; gone is acknowledged."""
        return await tags.remove_tag(self._caller, association_id)

    async def lists(self) -> list[MailingList]:
        """Return all lists the key's user may see."""
        return await lists.all_lists(self._caller)

    async def subscriptions(self, contact_id: str) -> list[Subscription] | None:
        """Return a contact's state on each list it ever was on."""
        return await lists.subscriptions(self._caller, contact_id)

    async def subscribe(self, contact_id: str, list_id: str, *, resubscribe: bool = False) -> Answer:
        """Subscribe a contact to a list; one who left it is rejected as `opted out` unless `resubscribe`."""
        return await lists.subscribe(self._caller, contact_id, list_id, resubscribe=resubscribe)

    async def unsubscribe(self, contact_id: str, list_id: str) -> Answer:
        """Unsubscribe a contact from a list."""
        return await lists.unsubscribe(self._caller, contact_id, list_id)

    async def submit_import(self, batch: Batch) -> Submission:
        """Queue a batch of contacts; a refusal that names rows queued none of them."""
        return await self._bulk.submit(batch)

    async def import_progress(self, batch_id: str) -> ImportProgress:
        """Return where a batch is."""
        return await self._bulk.progress(batch_id)

    async def tracks_events(self) -> bool:
        """Whether event tracking is switched on in the account; while it is off, no event is kept."""
        return await events.tracks_events(self._caller)

    async def tracks_sites(self) -> bool:
        """Whether site tracking is switched on in the account; while it is off, no visit is kept."""
        return await events.tracks_sites(self._caller)

    async def event_names(self) -> list[str]:
        """Return all registered names of events."""
        return await events.event_names(self._caller)

    async def register_events(self, names: Iterable[str]) -> list[str]:
        """Register the names of events that are not, and return these."""
        return await events.register_events(self._caller, names)

    async def register_domain(self, domain: str) -> bool:
        """Have visits to a domain tracked, once; False when the account lets only people add domains."""
        return await events.register_domain(self._caller, domain)

    async def send_event(self, email: str, name: str, value: str = "") -> Answer:
        """Send an event of whoever has the address, never twice by itself; its name should be registered.

        Raises SettingsError when the client was opened without access to the tracking host.
        """
        return await self._tracking.event(email, name, value)

    async def send_visit(self, email: str, page: str, referrer: str = "") -> Answer:
        """Send a page visit, never twice by itself; acknowledged says that it was taken, not that it was kept.

        Raises SettingsError when the client was opened without access to the tracking host.
        """
        return await self._tracking.visit(email, page, referrer)

    async def tracking_log(self, contact_id: str) -> list[LoggedEvent] | None:
        """Return the events of a contact, to see whether one arrived."""
        return await events.tracking_log(self._caller, contact_id)

    async def automations(self) -> list[Automation]:
        """Return all automations; `automations_named` finds one by name."""
        return await automations.all_automations(self._caller)

    async def enrol(self, contact_id: str, automation_id: str) -> Enrolled:
        """Let a contact enter an automation, never twice by itself; calling twice may let it enter twice."""
        return await automations.enrol(self._caller, contact_id, automation_id)

    async def enrolments(self, contact_id: str) -> list[Enrolment] | None:
        """Return the automations a contact has entered, once for each time."""
        return await automations.enrolments(self._caller, contact_id)

    @property
    def _tracking(self) -> Tracker:
        if self._tracker is None:
            raise SettingsError(
                "Not set: ACTIVECAMPAIGN_ACTID and ACTIVECAMPAIGN_EVENT_KEY.",
                "Both are in ActiveCampaign under Settings → Tracking → Event Tracking; put them into .env.",
            )
        return self._tracker
