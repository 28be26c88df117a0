"""Every reason of the engine in words a marketer understands, with what changes it."""

from __future__ import annotations

from ac_pipeline.model.delivery import NOT_TAKEN, OPT_OUT_REASONS

NEVER_SENT = "Who never was a member gets nothing."

VERDICTS = {
    "confirmed": "ActiveCampaign confirmed it.",
    "kept": "The warehouse has no value any more; what ActiveCampaign has is left alone (`nulls: keep`, or a tag or "
    "list that this declaration may not take back).",
    "in_flight": "It was sent, and the answer is not here yet.",
    "refused": "ActiveCampaign refused it. It comes back when what should be said changes, or by `ac-pipeline retry`.",
    "planned": "It is in the plan of the last sync and was not sent yet: that run, or the next one, does it.",
    "withheld": "There is something to say, but this contact may not be sent now.",
    "uncertain": "It was sent, but whether it took effect is not certain; the next sync says it again.",
    "next_sync": "It is due with the next sync.",
    "waits_for_contact": "The explicit `false` is said once the person is a contact; nobody becomes one for it.",
    "over": "It was sent without a certain answer, and there is nothing to say any more.",
    "not_spoken": "The declaration says `field: false`: it speaks through its tag or list only.",
    "retired": "Its file is gone: nothing is sent for it. `ac-pipeline retire KEY --to-false` tells members `false`.",
    "never": f"It never had a value in a window that was computed. {NEVER_SENT}",
    "scripted": "A script said it, and ActiveCampaign confirmed it; syncs leave it alone.",
    "unsaid": "No declaration says this of the contact.",
    "left_untold": f"It had a value once, but ActiveCampaign was never told, so nothing is taken back. {NEVER_SENT}",
    "not_approved": "It has a value in history, but no window that was delivered: only the newest window is sent.",
}
"""Why a property stands as it does."""

WITHHELD = {
    "in_batch": "A bulk import with this contact has no certain end yet. Nothing else is sent until then, so that no "
    "request overtakes another.",
    "may_not_exist": "A request that may have created the contact had no answer, or it was deleted in ActiveCampaign. "
    "The next sync looks it up before it says anything.",
    "no_contact_row": "The contacts query has no row with a usable e-mail for this user.",
    "reserved_domain": "The address is at a domain that is reserved for examples, and this is a real account.",
    "address_in_use": "The address still belongs to another contact in ActiveCampaign that is told about first.",
    "none_are_created": "The person is no contact yet, and destination.yaml says `create_contacts: never`.",
    "only_members_are_created": "The person is no contact yet, and in no audience that is sent: only members become "
    "contacts (`create_contacts_for` in destination.yaml widens it).",
    "no_name": "The person is no contact yet, and has neither first nor last name (`create_contacts: with_name`; "
    "`always` takes people without a name).",
}
"""Why a contact may not be sent now (store/sql/plan.sql)."""

REFUSED = {
    OPT_OUT_REASONS[0]: "The person opted out of the list; nobody is subscribed against their will "
    "(`resubscribe: true` with a reason is the exception).",
    OPT_OUT_REASONS[1]: "Mails to the person bounced, so they are not subscribed.",
    OPT_OUT_REASONS[2]: "The person did not confirm the subscription in ActiveCampaign; only they can.",
    OPT_OUT_REASONS[3]: "The list says something about this person that is not known, so they are not subscribed.",
    "duplicate": "Another contact of the account has the address.",
    "not found": "ActiveCampaign does not know this contact, field, tag or list.",
}
"""Refusals with a story; any other is quoted as it was given."""

UNCERTAIN = {
    NOT_TAKEN[0]: "The bulk import named the contact as failed and gives no reason; it is sent by a single call, which "
    "says why.",
    NOT_TAKEN[
        1
    ]: "The bulk import left the contact out and gives no reason; it is sent by a single call, which says why.",
    "resend": "Somebody asked by `ac-pipeline resend` to say it again.",
    "retry": "Somebody asked by `ac-pipeline retry` to try it again.",
    "the process ended before the answer": "The process ended before the answer came.",
    "the import did not end": "The bulk import did not end in the time it is given.",
    "no answer": "The request had no answer.",
}
"""Why an attempt has no certain end."""

PROBLEMS = {
    "missing_user_id": "The row has no user id.",
    "missing_email": "The row has no e-mail address.",
    "invalid_email": "What the row has for an e-mail address is none.",
    "duplicate_user": "Several rows have this user id, and another one counts.",
    "duplicate_email": "Another user has the same address, and counts for it.",
    "no_contact": "The row names an address that no contact has.",
    "invalid_value": "The value is not of the declared type.",
    "nested_value": "The value is a list or an object.",
    "too_long": "The text is longer than ActiveCampaign keeps.",
    "invalid_tags": "The tags are no array of texts.",
    "invalid_lists": "The lists cannot be read.",
    "unknown_status": "A list has a status that is neither active nor unsubscribed.",
    "missing_user": "The row says neither a user id nor an e-mail address.",
    "missing_moment": "The row does not say when it happened.",
    "missing_event": "The row has no name of an event.",
    "reserved_event_name": "The name of the event is one that ActiveCampaign keeps for itself.",
    "invalid_event": "The name of the event has characters that cannot be sent.",
    "invalid_url": "The page is no address that begins with http:// or https://.",
    "event_name_too_long": "The name of the event is too long.",
    "value_too_long": "The value of the event is too long.",
}
"""Why a row of the warehouse could not be used."""

ROUTES = {
    "sync": "contact/sync, by the address",
    "update": "update of the contact, by its id",
    "bulk": "bulk import",
    "untag": "tags taken off",
    "tag": "tag put on",
    "list": "list",
    "none": "no request",
}
"""How an attempt was made."""

OUTCOMES = {
    "acknowledged": "ActiveCampaign confirmed it",
    "rejected": "ActiveCampaign refused it",
    "unknown": "no certain answer",
    "not_sent": "it certainly had no effect",
}
"""How an attempt ended (model/delivery.py)."""


EVENT_STATES = {
    "pending": "due with the next sync",
    "waiting": "waits",
    "sent": "sent",
    "unknown": "no certain answer; the next sync looks whether it arrived",
    "rejected": "refused",
    "dropped": "not sent",
}
"""Where an event stands (model/events.py)."""

EVENT_REASONS = {
    "retired": "the file of its stream is gone",
    "no_contact": "the person is no contact",
    "in_batch": "a bulk import with the contact has no certain end yet",
    "after_doubt": "an earlier event of the contact has no certain answer yet",
    "overtaken": "the opposite happened before it was told",
}
"""Why an event is not sent; any other reason is quoted as it was given."""


def refusal(reason: str) -> str:
    """Return why ActiveCampaign refused a value or a contact."""
    return REFUSED.get(reason) or f"The reason given: {reason or 'none'}."


def uncertainty(reason: str) -> str:
    """Return why it is not certain whether an attempt took effect."""
    return UNCERTAIN.get(reason) or (f"What is known of it: {reason}." if reason else "")
