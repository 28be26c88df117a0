"""Groups of fields and their members; ids are numbers here (reference, section 7.2)."""

from __future__ import annotations

from ac_pipeline.sandbox import refusals
from ac_pipeline.sandbox.api.fields import field_with_id
from ac_pipeline.sandbox.tables import groups
from ac_pipeline.sandbox.tables.groups import Member
from ac_pipeline.sandbox.wire import Call, Endpoint, Json, Reply, whole


def _list(call: Call) -> Reply:
    link = call.account.link
    shapes: list[Json] = [
        {
            "id": group.id,
            "type_id": group.type_id,
            "label": group.label,
            "ordernum": group.id,
            "links": {
                "groupMembers": link(f"groupMembers?group_id={group.id}"),
                "groupType": link(f"groupTypes/{group.type_id}"),
            },
        }
        for group in groups.groups(call.account.db)
    ]
    return Reply(200, {"groupDefinitions": shapes})


def _add_member(call: Call) -> Reply:
    sent = call.wrapped("groupMember")
    if not sent.get("rel_id"):
        raise refusals.member_without_field()
    number = whole(sent.get("group_id"))
    if number not in {group.id for group in groups.groups(call.account.db)}:
        raise refusals.not_found("GroupDefinition", number)
    field = field_with_id(call, whole(sent["rel_id"]))
    member = groups.add_member(call.account.db, field.id, number, whole(sent.get("ordernum")) or None)
    return Reply(200, {"groupMember": _shape(call, member, {"created_by": 1, "updated_by": 1})})


def _read_member(call: Call) -> Reply:
    member = groups.find_member(call.account.db, call.number())
    if member is None:
        raise refusals.no_member()
    return Reply(200, {"groupMember": _shape(call, member, {})})


def _change_member(call: Call) -> Reply:
    member, sent = groups.find_member(call.account.db, call.number()), call.wrapped("groupMember")
    if member is None:
        raise refusals.no_member()
    groups.move_member(call.account.db, member.id, whole(sent.get("ordernum")) or member.ordernum)
    return _read_member(call)


def _remove_member(call: Call) -> Reply:
    if not groups.remove_member(call.account.db, call.number()):
        raise refusals.no_member()
    return Reply(200, {})


def _shape(call: Call, member: Member, authors: dict[str, Json]) -> dict[str, Json]:
    link = call.account.link(f"groupDefinitions/{member.group_id}")
    return {
        "id": member.id,
        "group_id": member.group_id,
        "rel_id": member.rel_id,
        "ordernum": member.ordernum,
        **authors,
        "links": {"groupDefinition": link},
    }


ENDPOINTS = (
    Endpoint("GET", "/groupDefinitions", _list),
    Endpoint("GET", "/groupMembers", _list),  # the documented answer lists the groups
    Endpoint("POST", "/groupMembers", _add_member),
    Endpoint("GET", "/groupMembers/{id}", _read_member),
    Endpoint("PUT", "/groupMembers/{id}", _change_member),
    Endpoint("DELETE", "/groupMembers/{id}", _remove_member),
)
