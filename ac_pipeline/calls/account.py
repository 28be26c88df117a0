"""The handle by which scripts tell ActiveCampaign something, and each of its calls alone."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime

from ac_pipeline.calls.arguments import json_of, read_arguments
from ac_pipeline.calls.connection import Connection
from ac_pipeline.calls.faults import refused
from ac_pipeline.calls.happening import automation_of, message_id_of, read_happening
from ac_pipeline.calls.identifying import identify, retag
from ac_pipeline.calls.loop import Loop
from ac_pipeline.calls.people import Whom, whom
from ac_pipeline.calls.plain import as_user_id
from ac_pipeline.calls.results import Identified, Told
from ac_pipeline.calls.tags_and_lists import Named, tag_names
from ac_pipeline.calls.telling import enrol, happen
from ac_pipeline.model.contact import Contact
from ac_pipeline.model.events import VIEWED_PAGE, EventCall
from ac_pipeline.settings import Settings, load_settings
from ac_pipeline.store.ledger import outcomes_of_run
from ac_pipeline.store.store import Clock, utc_now
from ac_pipeline.sync.report import Delivery
from ac_pipeline.sync.session import open_session

Names = Mapping[str, object]
UserId = str | int | uuid.UUID
Moment = datetime | str
MessageId = str | int | uuid.UUID
KIND = "send"
"""What a handle is called among runs, and where the store is in use."""


class Account:
    """An account, and the home that keeps what it was told. Used by `connect`; threads take turns.

    Arguments are those of Segment's specification. Every call raises PipelineErrors (see ac_pipeline.errors), of which
    no message shows a person.
    """

    def __init__(self, connection: Connection, loop: Loop) -> None:
        self._connection, self._loop = connection, loop

    @property
    def requests(self) -> Mapping[str, int]:
        """Requests made so far by endpoint, repeated ones included."""
        return self._connection.requests

    def identify(
        self,
        user_id: UserId | None = None,
        traits: Names | None = None,
        *,
        context: Names | None = None,
        timestamp: Moment | None = None,
        message_id: MessageId | None = None,
        dry_run: bool = False,
    ) -> Identified:
        """Create or update a contact: email, firstName, lastName, phone, tags, tagsReset, lists, and custom fields.

        Values are told whether or not they were before. By the rules of the warehouse's: see README. What the
        warehouse declares, the next sync sets to what the warehouse says (`Identified.declared`). `timestamp` and
        `message_id` have nothing to decide: saying it twice changes nothing, and contacts cannot be dated back.
        """
        del timestamp, message_id
        said = read_arguments(user_id, traits, context)
        return self._loop.run(identify(self._connection, said, dry_run=dry_run))

    def track(
        self,
        user_id: UserId | None = None,
        event: str | None = None,
        properties: Names | None = None,
        *,
        email: str | None = None,
        context: Names | None = None,
        timestamp: Moment | None = None,
        message_id: MessageId | None = None,
        dry_run: bool = False,
    ) -> Told:
        """Tell an event, with `acValue` of the properties as its value; once for each `message_id`, for 30 days.

        Somebody who is no contact is waited for, for 7 days. ActiveCampaign notes when it was told, not `timestamp`.
        """
        happening = read_happening(
            EventCall.TRACK, user_id=user_id, email=email, event=event, properties=properties, context=context,
            timestamp=timestamp, message_id=message_id,
        )  # fmt: skip
        return self._loop.run(happen(self._connection, happening, dry_run=dry_run))

    def page(
        self,
        user_id: UserId | None = None,
        category: str | None = None,
        name: str | None = None,
        properties: Names | None = None,
        *,
        email: str | None = None,
        context: Names | None = None,
        timestamp: Moment | None = None,
        message_id: MessageId | None = None,
        as_event: str | None = VIEWED_PAGE,
        dry_run: bool = False,
    ) -> Told:
        """Tell a page view as the event `Viewed Page` with the url as its value, or `as_event=None`: as a visit.

        Url and referrer stand in the properties, or in `context.page`. A visit is confirmed by nobody. ActiveCampaign
        has no place for category and name.
        """
        del category
        happening = read_happening(
            EventCall.PAGE, user_id=user_id, email=email, event=name, properties=properties, context=context,
            timestamp=timestamp, message_id=message_id, as_event=as_event,
        )  # fmt: skip
        return self._loop.run(happen(self._connection, happening, dry_run=dry_run))

    def screen(
        self,
        user_id: UserId | None = None,
        category: str | None = None,
        name: str | None = None,
        properties: Names | None = None,
        *,
        email: str | None = None,
        context: Names | None = None,
        timestamp: Moment | None = None,
        message_id: MessageId | None = None,
        dry_run: bool = False,
    ) -> Told:
        """Tell a screen view as an event of the screen's name; as track. There is no place for the category."""
        del category
        happening = read_happening(
            EventCall.SCREEN, user_id=user_id, email=email, event=name, properties=properties, context=context,
            timestamp=timestamp, message_id=message_id,
        )  # fmt: skip
        return self._loop.run(happen(self._connection, happening, dry_run=dry_run))

    def find_contact(self, email: str) -> Contact | None:
        """Return the account's contact with an address, None when it has none."""
        address = self._whom("find_contact", None, email).email or ""
        return self._loop.run(self._find(address))

    def add_tag(self, tag: str, *, email: str | None = None, user_id: UserId | None = None) -> Identified:
        """Put a tag on a contact; it is made when there is none of that name. Nobody becomes a contact by it."""
        return self._retag("add_tag", tag, email, user_id, remove=False)

    def remove_tag(self, tag: str, *, email: str | None = None, user_id: UserId | None = None) -> Identified:
        """Take a tag off a contact; nothing to do is no fault. Syncs leave it off until what they say of it changes."""
        return self._retag("remove_tag", tag, email, user_id, remove=True)

    def start_automation(
        self,
        automation: str | int,
        *,
        email: str | None = None,
        user_id: UserId | None = None,
        message_id: MessageId | None = None,
    ) -> Told:
        """Let a contact enter an automation, by its name or id; once for each `message_id`."""
        who = self._whom("start_automation", user_id, email)
        named, number = automation_of(automation), message_id_of("start_automation", message_id)
        return self._loop.run(enrol(self._connection, who, named, number))

    def _retag(self, call: str, tag: str, email: str | None, user_id: UserId | None, *, remove: bool) -> Identified:
        who = self._whom(call, user_id, email)
        names = tag_names(self._connection.store, call, tag)
        named = Named(remove=names) if remove else Named(tags=names)
        return self._loop.run(retag(self._connection, who, named))

    def _whom(self, call: str, user_id: UserId | None, email: str | None) -> Whom:
        faults: list[str] = []
        user, address = json_of("user_id", user_id, faults, as_user_id), json_of("email", email, faults)
        if faults:
            raise refused(call, faults)
        return whom(self._connection, call, user, address)

    async def _find(self, email: str) -> Contact | None:
        return await (await self._connection.client()).contact_of(email)


@contextmanager
def connect(settings: Settings | None = None, *, clock: Clock = utc_now) -> Iterator[Account]:
    """Open the account that the settings (environment, `.env`) name, for many calls over one connection and one lock.

    Nothing is asked before the first call. At the end the published copy is renewed. Raises SettingsError,
    DeclarationsError, StoreBusy while a sync runs, WrongAccount.
    """
    chosen = settings or load_settings()
    chosen.account()
    with (
        open_session(chosen, kind=KIND, run_id=str(uuid.uuid4()), clock=clock) as session,
        closing(Loop()) as loop,
    ):
        connection = Connection(session)
        try:
            yield Account(connection, loop)
        finally:
            try:
                told = Delivery.of_outcomes(outcomes_of_run(session.store))
                session.delivery = replace(told, requests=connection.requests)
            finally:
                loop.run(connection.close())
