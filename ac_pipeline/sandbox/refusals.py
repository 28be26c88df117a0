"""The error bodies of the service, by the numbers of the reference's section 3."""

from __future__ import annotations

from collections.abc import Mapping

from ac_pipeline.sandbox.switches import Switches
from ac_pipeline.sandbox.wire import Json, Refusal, Reply

_NAME_POINTER = "/data/attributes/name"
_NO_CHOICE = "The value you selected is not a valid choice."
_LOGIN = b"<!DOCTYPE html>\n<html><head><title>Login</title></head><body><form>Log in</form></body></html>\n"
_HTML = "text/html; charset=UTF-8"
_ERROR_PAGE = "<!DOCTYPE html>\n<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>\n"


def unknown_key(switches: Switches) -> Reply:
    """E7: 403 without body and without Content-Type; the switch has it with one, or as a login page."""
    match switches.bad_key:
        case "empty":
            return Reply(403)
        case "message":
            return forbidden()
        case "html":
            return login_page()


def login_page() -> Reply:
    """200 with a page instead of JSON, as seen with keys that ran out (reference, section 2)."""
    return Reply(200, raw=_LOGIN, media_type=_HTML)


def error_page(status: int, title: str) -> Reply:
    """A page of the servers before the service."""
    return Reply(status, raw=_ERROR_PAGE.format(f"{status} {title}").encode(), media_type="text/html")


def masked_failure() -> Reply:
    """200 and nothing but a header that says it failed, as recorded (reference, section 2)."""
    return Reply(200, headers={"X-Ac-Error": "Code 9001"}, raw=b"")


def forbidden() -> Reply:
    """E8: the key is valid but its user may not do this."""
    return Reply(403, {"message": "Forbidden"})


def too_many(switches: Switches, headers: Mapping[str, str]) -> Reply:
    """429; the body is the reference's default for an unknown."""
    body = {"message": "Too Many Requests"} if switches.throttle_body == "message" else None
    return Reply(switches.throttle_status, body, headers, throttled=True)


def contact_limit() -> Refusal:
    """403 for one contact more than the account may have; the reference's default for an unknown."""
    return Refusal(Reply(403, {"message": "You have reached the contact limit of your account."}))


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


def not_an_option() -> Refusal:
    """E2: a value that is none of the field's options; the words are assumed."""
    return _validation({"title": _NO_CHOICE, "detail": "", "source": {"pointer": "/data/attributes/value"}})


def perstag_duplicate() -> Refusal:
    """E2: another field has the personalisation tag; the words are assumed."""
    return _validation({"title": "There is already a field with this tag", "detail": "", "code": "duplicate"})


def tag_missing() -> Refusal:
    """E2: a tag without a name; the words are assumed."""
    return _validation({"title": "The tag name was not provided.", "detail": "", "code": "field_missing"})


def tag_duplicate() -> Refusal:
    """E2: another tag has the name; the words are assumed."""
    return _validation({"title": "There is already a tag with this name", "detail": "", "code": "duplicate"})


def tag_invalid(status: int) -> Refusal:
    """E3: POST /contactTags without the id of a tag, for example with its name."""
    title = "Invalid value for query parameter contactTag.tag"
    error: Json = {"title": title, "detail": "No tag id provided", "source": {"parameter": "contactTag.tag"}}
    return Refusal(Reply(status, {"errors": [error]}))


def tagged_contact_missing() -> Refusal:
    """E2: POST /contactTags without a contact."""
    error: Json = {"status": 422, "title": "Missing attribute", "source": {"pointer": "/data/attributes/contact"}}
    return Refusal(Reply(422, {"errors": [error]}))


def tagged_contact_unknown() -> Refusal:
    """E4: POST /contactTags for a contact that does not exist."""
    return Refusal(Reply(404, {"errors": [{"status": 404, "title": "Not Found", "detail": "Contact not found"}]}))


def list_status_invalid() -> Refusal:
    """E2: a subscription status other than 0 to 3. Only the message is known."""
    return _validation({"title": _NO_CHOICE, "detail": "", "source": {"pointer": "/data/attributes/status"}})


def may_not_resubscribe() -> Refusal:
    """E4: the user of the key lacks pg_subscriber_resubscribe; the words are assumed."""
    detail = "You do not have permission to resubscribe contacts."
    return Refusal(Reply(403, {"errors": [{"status": 403, "title": "Forbidden", "detail": detail}]}))


def list_incomplete() -> Refusal:
    """E9: POST /lists without all that a list needs."""
    return Refusal(Reply(400, {}))


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


def event_duplicate() -> Refusal:
    """E2: another event has the name; the words are assumed."""
    return _validation({"title": "There is already an event with this name", "detail": "", "code": "duplicate"})


def event_too_long() -> Refusal:
    """E2: a name of more than 32 characters; the words are assumed."""
    return _validation({"title": "The event name is too long.", "detail": "", "source": {"pointer": _NAME_POINTER}})


def not_enrolled() -> Refusal:
    """E8: a contact that may not enter an automation, for whatever reason."""
    return Refusal(Reply(403, {"message": "Could not create SubscriberSeries"}))


def no_enrolment_to_delete(number: int) -> Refusal:
    """403 for an unknown id, as DELETE /contactAutomations is documented."""
    return Refusal(Reply(403, {"message": f"No Result found for SubscriberSeries with id {number}"}))


def _validation(error: dict[str, Json]) -> Refusal:
    return Refusal(Reply(422, {"errors": [error]}))
