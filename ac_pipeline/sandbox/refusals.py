"""The error bodies of the service, by the numbers of the reference's section 3."""

from __future__ import annotations

from collections.abc import Mapping

from ac_pipeline.sandbox.wire import Json, Refusal, Reply


def unknown_key() -> Reply:
    """E7: 403 without body and without Content-Type."""
    return Reply(403)


def forbidden() -> Reply:
    """E8: the key is valid but its user may not do this."""
    return Reply(403, {"message": "Forbidden"})


def too_many(headers: Mapping[str, str]) -> Reply:
    """429; the body is the reference's default for an unknown."""
    return Reply(429, {"message": "Too Many Requests"}, headers)


def not_found(model: str, number: int) -> Refusal:
    """E1: 404 for an unknown id; `model` is the service's own name for the kind of object."""
    return Refusal(Reply(404, {"message": f"No Result found for {model} with id {number}"}))


def no_contact_to_delete(number: int) -> Refusal:
    """E1 in the wording DELETE /contacts has."""
    return Refusal(Reply(404, {"message": f"No result found for contact with id {number}"}))


def email_invalid() -> Refusal:
    """E2: the address is none."""
    return _validation(
        {
            "title": "Contact Email Address is not valid.",
            "code": "email_invalid",
            "error": "must_be_valid_email_address",
            "source": {"pointer": "/data/attributes/email"},
        }
    )


def email_duplicate() -> Refusal:
    """E2: another contact has the address."""
    return _validation(
        {
            "title": "Email address already exists in the system.",
            "code": "duplicate",
            "source": {"pointer": "/data/attributes/email"},
        }
    )


def email_missing() -> Refusal:
    """E4: contact/sync without an address."""
    detail = "Contact email must be provided for sync"
    return Refusal(Reply(400, {"errors": [{"status": 400, "title": "Bad Request", "detail": detail}]}))


def title_missing() -> Refusal:
    """E2: a field without a title."""
    return _validation({"title": "The field title was not provided.", "detail": "", "code": "field_missing"})


def title_duplicate(title: str) -> Refusal:
    """E2: another field has the title."""
    return _validation(
        {
            "title": "There is already a field with this title",
            "detail": f"There is already a field named '{title}' -- choose another name",
            "code": "duplicate",
        }
    )


def field_invalid() -> Refusal:
    """E2: POST /fieldValues with a name instead of an id. Only the message is known, the envelope is assumed."""
    return _validation({"title": "Field id not valid", "detail": "", "source": {"pointer": "/data/attributes/field"}})


def no_options() -> Refusal:
    """E6: `errors` is a string here."""
    message = "Bulk operation failed. Request must contain an array of fieldOption objects."
    return Refusal(Reply(422, {"errors": message}))


def member_without_field() -> Refusal:
    """E8: the group service's own complaint comes through."""
    message = (
        "Client error: `POST https://escape-velocity-grouper.cluster-private.app-us1.com/member` resulted in a"
        ' `400 Bad Request` response:\n{"message": {"rel_id": "rel_id is required"}}\n\n'
    )
    return Refusal(Reply(403, {"message": message}))


def no_member() -> Refusal:
    """E4: 404 in the manner of the group service."""
    return Refusal(Reply(404, {"errors": [{"status": 404, "title": "Not Found"}]}))


def _validation(error: dict[str, Json]) -> Refusal:
    return Refusal(Reply(422, {"errors": [error]}))
