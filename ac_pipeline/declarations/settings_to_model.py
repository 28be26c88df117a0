"""Files without a fault as the model's declarations, with defaults that come from other files."""

from __future__ import annotations

from pathlib import Path

from ac_pipeline.declarations.files import (
    AudienceFile,
    ContactsFile,
    DestinationFile,
    GuardFile,
    MemberListFile,
    MembershipFile,
    TraitFile,
)
from ac_pipeline.model.declaration import (
    Choices,
    CreateFor,
    Declaration,
    Destination,
    Guard,
    Kind,
    MemberAutomation,
    MemberList,
    Membership,
    Nulls,
    Query,
    ValueType,
)


def destination_of(values: DestinationFile) -> Destination:
    """Return destination.yaml; members of audiences may always become contacts."""
    return Destination(
        create_contacts=values.create_contacts,
        create_contacts_for=frozenset({CreateFor.AUDIENCES, *values.create_contacts_for}),
        update_existing=values.update_existing,
        import_from=values.import_from,
        create_fields=values.create_fields,
        user_id_field=values.user_id_field,
        nulls=values.nulls,
        guard=_guard(values.guard, Guard()),
    )


def contacts_of(path: Path, values: ContactsFile, query: Query, destination: Destination) -> Declaration:
    """Return contacts.yaml; it has the destination's guard, and a null policy of its own."""
    return Declaration(
        kind=Kind.CONTACTS,
        key="contacts",
        name="Contacts",
        query=query,
        path=path,
        description=values.description.strip(),
        owner=values.owner,
        guard=destination.guard,
        nulls=values.nulls,
        resubscribe=values.lists.resubscribe,
        reason=values.lists.reason or "",
    )


def declaration_of(path: Path, values: AudienceFile | TraitFile, query: Query, destination: Destination) -> Declaration:
    """Return an audience or trait; its key is the file's name."""
    trait = values if isinstance(values, TraitFile) else None
    audience = values if isinstance(values, AudienceFile) else None
    return Declaration(
        kind=Kind.TRAIT if trait else Kind.AUDIENCE,
        key=path.stem,
        name=values.name.strip(),
        query=query,
        path=path,
        description=values.description.strip(),
        owner=values.owner,
        value_type=trait.type if trait else ValueType.BOOLEAN,
        guard=_guard(values.guard, destination.guard),
        membership=_membership(audience.membership) if audience else Membership(),
        choices=_choices(trait) if trait else Choices(),
        field=trait.field if trait else None,
        nulls=(trait.nulls or destination.nulls) if trait else Nulls.KEEP,
    )


def _guard(file: GuardFile, default: Guard) -> Guard:
    share, members = file.max_exit_share, file.min_members
    return Guard(
        default.max_exit_share if share is None else share,
        default.min_members if members is None else members,
    )


def _membership(file: MembershipFile) -> Membership:
    said = file.automation
    return Membership(
        file.field,
        file.explicit_false,
        file.tag,
        _member_list(file.list) if file.list else None,
        events=file.events,
        automation=MemberAutomation(said.automation, existing=said.begin == "all") if said else None,
    )


def _member_list(file: MemberListFile) -> MemberList:
    return MemberList(file.list, file.unsubscribe_on_exit, file.resubscribe, file.reason or "")


def _choices(file: TraitFile) -> Choices:
    """Who lists the options means these; who does not lets the values say them."""
    refuse = file.options is not None if file.unknown_options is None else file.unknown_options == "refuse"
    return Choices(tuple(file.options or ()), create=not refuse)
