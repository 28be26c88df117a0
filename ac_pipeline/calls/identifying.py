"""identify, and tags by name: one contact, told as a sync would tell it, by attempts in the same ledger."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace

from ac_pipeline.activecampaign import ActiveCampaign
from ac_pipeline.calls.arguments import Said
from ac_pipeline.calls.connection import Connection
from ac_pipeline.calls.custom import CustomFields, check_declared, resolve
from ac_pipeline.calls.faults import refused, said, said_all
from ac_pipeline.calls.people import Whom, look_up, person_known, recognised, whom
from ac_pipeline.calls.results import Identified, Request
from ac_pipeline.calls.sending import Gone, Sent, send
from ac_pipeline.calls.steps import Wanted, named_by_step, request_of, steps_of
from ac_pipeline.calls.tags_and_lists import Named, names_of, resolve_names
from ac_pipeline.errors import ContactRefused, InvalidCall, UnknownName
from ac_pipeline.model.declaration import CreateContacts, Nulls, ValueType
from ac_pipeline.store.call_values import Read, read_lists, read_tags, read_value
from ac_pipeline.store.calls import Person, declared_among, new_person
from ac_pipeline.store.properties import property_ids

_NO_NAME = (
    "The person is no contact yet, and the call has neither first nor last name (no_name). Nothing was sent.",
    "Give firstName or lastName, or set create_contacts: always in destination.yaml.",
)
_NONE = (
    "The person is no contact yet, and none are created (none_are_created). Nothing was sent.",
    "destination.yaml says create_contacts: never.",
)
_NO_NAMES = Named()
_GONE = ContactRefused("The contact was deleted in ActiveCampaign meanwhile. Nothing was sent.", "Call again.")


@dataclass(frozen=True, slots=True)
class Checked:
    """What a call says, as far as it can be read without asking the account; `names` are standard fields."""

    who: Whom
    names: Mapping[str, str] = field(default_factory=dict, repr=False)
    named: Named = _NO_NAMES
    left_alone: tuple[str, ...] = ()
    custom: Mapping[str, object] = field(default_factory=dict, repr=False)
    ignored: tuple[str, ...] = ()


async def identify(connection: Connection, arguments: Said, *, dry_run: bool = False) -> Identified:
    """Create or update a contact. Raises PipelineErrors; whatever was answered before is recorded."""
    checked = _checked(connection, arguments)
    person = person_known(connection, checked.who)
    if checked.who.email is None and (person is None or not (person.known_email or person.desired_email)):
        raise refused("identify", [said("missing_email")])
    if checked.who.email is not None and connection.invented(checked.who.email):
        raise ContactRefused(
            "The address is at a domain for examples, and this is a real account (reserved_domain).",
            "Nothing was sent: nobody lives there.",
        )
    for _ in range(2):
        try:
            return await _said(connection, checked, dry_run=dry_run, must_exist=False)
        except Gone:
            # Somebody deleted the contact over there, which is known now: it is made again.
            continue
    raise _GONE


async def retag(connection: Connection, who: Whom, named: Named) -> Identified:
    """Put tags on a contact, or take them off. Raises UnknownName when there is no such contact."""
    try:
        return await _said(connection, Checked(who, named=named), dry_run=False, must_exist=True)
    except Gone:
        raise no_contact() from None


def no_contact() -> UnknownName:
    """Return the error that says that a contact is needed."""
    return UnknownName("ActiveCampaign has no such contact. Nothing was sent.", "Create it first, by identify.")


def _checked(connection: Connection, arguments: Said) -> Checked:
    """Read the arguments; all faults come at once, before any request. Raises InvalidCall."""
    store = connection.store
    nulls = connection.declarations.contacts.nulls
    names = {column: read_value(store, json, ValueType.TEXT) for column, json in arguments.names.items()}
    reset = Read(None) if arguments.reset is None else read_value(store, arguments.reset, ValueType.BOOLEAN)
    tags = Read(None) if arguments.tags is None else read_tags(store, arguments.tags)
    lists = Read(None) if arguments.lists is None else read_lists(store, arguments.lists)
    read = {**names, "tags": tags, "tags_reset": reset, "lists": lists}
    faults = [*arguments.faults, *said_all([(name, one.fault) for name, one in read.items()])]
    faults += check_declared(store, connection.declarations, arguments.custom)
    if arguments.unreadable and arguments.user_id is None and arguments.email is None:
        raise refused("identify", faults)
    try:
        who = whom(connection, "identify", arguments.user_id, arguments.email)
    except InvalidCall as fault:
        first = fault.message.removeprefix("identify cannot be sent: ").removesuffix(".")
        raise refused("identify", [first, *faults]) from None
    if faults:
        raise refused("identify", faults)
    texts = {column: one.text or "" for column, one in names.items() if one.text or nulls is Nulls.CLEAR}
    left = tuple(column for column in names if column not in texts)
    named = names_of(tags.text, lists.text, reset=reset.text == "true")
    return Checked(who, texts, named, left, arguments.custom, arguments.ignored)


async def _said(connection: Connection, checked: Checked, *, dry_run: bool, must_exist: bool) -> Identified:
    client = await connection.client(bind=not dry_run)
    with connection.store.rehearsal() if dry_run else nullcontext():
        return await _tell(connection, client, checked, dry_run=dry_run, must_exist=must_exist)


async def _tell(
    connection: Connection, client: ActiveCampaign, checked: Checked, *, dry_run: bool, must_exist: bool
) -> Identified:
    store, who = connection.store, checked.who
    known = person_known(connection, who)
    if known is not None:
        known = recognised(connection, known, who)
    catalog = await connection.catalog(rehearsal=dry_run)
    keeps_user_id = connection.declarations.destination.user_id_field is not None and who.user_id is not None
    asks = keeps_user_id and not (must_exist and known is not None and known.remote_id)
    custom = await resolve(store, catalog, connection.declarations, checked.custom, with_user_id=asks)
    person = known or new_person(store, who.user_id, who.email)
    person = await look_up(connection, client, person, who, custom.user_id_field if custom.kept else None)
    email = who.email or person.known_email or person.desired_email or person.attempted_email
    if person.remote_id is None:
        person = await _by_address(connection, client, person, email, checked, must_exist=must_exist)
    singles = await resolve_names(store, catalog, checked.named, person.contact_id)
    wanted = Wanted(
        person,
        # A tag is no reason to give anybody another address.
        (person.known_email if must_exist else None) or email or "",
        None if must_exist or custom.user_id_field is None or who.user_id is None
        else (who.user_id, custom.user_id_field),
        checked.names, custom.values, singles,
    )  # fmt: skip
    steps = steps_of(store, wanted)
    declared = _declared(connection, person, checked.names, custom)
    sent = Sent(person.remote_id) if dry_run else await send(store, client, person, wanted.email, steps)
    by_step = named_by_step(wanted)
    return Identified(
        contact_id=sent.remote_id,
        said=(
            *(("email",) if wanted.renames or person.remote_id is None else ()),
            *checked.names,
            *(one.name for one in custom.values),
            *(one.name for one in singles),
        ),
        left_alone=(*checked.left_alone, *custom.left_alone),
        ignored=checked.ignored,
        declared=declared,
        not_subscribed={by_step[number]: reason for number, reason in sent.not_subscribed.items()},
        requests=(*(Request(endpoint) for endpoint in catalog.wanted), *map(request_of, steps)),
        dry_run=dry_run,
    )


async def _by_address(
    connection: Connection,
    client: ActiveCampaign,
    person: Person,
    email: str | None,
    checked: Checked,
    *,
    must_exist: bool,
) -> Person:
    """Return who is to be created by the address, or is found under it where creating is not allowed.

    Raises ContactRefused or UnknownName.
    """
    rule = connection.declarations.destination.create_contacts
    named = person.has_name or any(checked.names.get(column) for column in ("first_name", "last_name"))
    nobody = rule is CreateContacts.NEVER or (rule is CreateContacts.WITH_NAME and not named)
    if not must_exist and not nobody:
        return person
    found = await client.contact_of(email) if email else None
    if found is not None:
        return replace(person, remote_id=found.id, known_email=found.email.strip().lower())
    if must_exist:
        raise no_contact()
    raise ContactRefused(*(_NONE if rule is CreateContacts.NEVER else _NO_NAME))


def _declared(
    connection: Connection, person: Person, names: Mapping[str, str], custom: CustomFields
) -> tuple[str, ...]:
    """Return what of a call the warehouse has the last word about, by the names that were given."""
    ids = property_ids(connection.store)
    given = {**{one.key: one.name for one in custom.values}, **{column: column for column in names}}
    wanted = [ids[key] for key in given if key in ids]
    found = declared_among(connection.store, person.contact_id, wanted)
    return tuple(given[key] for key in given if key in found)
