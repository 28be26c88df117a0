"""What the public description of the service leaves open, each a switch with the recommended default.

Numbers in parentheses are items of the reference's section 19 or rows (D…) of its section 18.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import ClassVar, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from ac_pipeline.errors import SettingsError

EmptyValue = Literal["kept_empty", "ignored", "removed"]


@dataclass(frozen=True, slots=True)
class Switches:
    """How this account answers where sources disagree or are silent. Times are seconds."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    # Refusals
    bad_key: Literal["empty", "message", "html"] = "empty"
    """403 without a body (4); 403 with one; 200 with a login page."""
    throttle_status: Literal[429, 503] = 429
    """(D9)"""
    throttle_body: Literal["message", "empty"] = "message"
    """(3)"""
    retry_after: bool = True
    """Whether a throttled answer says when to come back."""
    rate_headers: bool = True
    """Whether other answers carry RateLimit-* too (3)."""
    bad_tag_status: Literal[400, 422] = 400
    """(D5)"""
    contact_limit: bool = False
    """Whether the account is full at its `subscriber_limit` (12)."""
    resubscribe: Literal["allowed", "forbidden"] = "allowed"
    """What the user of the key may do with people who unsubscribed."""
    # Shapes
    totals: Literal["text", "number"] = "text"
    created_status: Literal["as_recorded", "always_200"] = "as_recorded"
    """201 for a row that is new, 200 for one that existed (D2)."""
    sync_status: Literal["200_for_known", "always_201"] = "200_for_known"
    """(D1)"""
    sync_values: Literal["set", "all"] = "set"
    """Which field values contact/sync answers with (D6)."""
    list_update: Literal["masked_failure", "works"] = "masked_failure"
    """PUT /lists/{id}: an empty 200 with X-Ac-Error, as recorded."""
    option_delete: Literal["works", "masked_failure"] = "works"
    """DELETE /fieldOptions/{id}: recorded both ways."""
    contact_list_ids: Literal["text", "numbers"] = "text"
    """POST /contactLists: as recorded in 2021, or as probed in 2026."""
    limit_above_100: Literal["clamped", "obeyed"] = "clamped"
    """(10)"""
    contact_order: Literal["newest_first", "oldest_first"] = "newest_first"
    """Without `orders`."""
    # Matching
    email_case: Literal["ignored", "kept"] = "ignored"
    """(6)"""
    email_space: Literal["refused", "trimmed"] = "refused"
    """(6)"""
    duplicate_tag: Literal["returned", "refused"] = "returned"
    """(5, D4)"""
    tag_case: Literal["ignored", "kept"] = "ignored"
    """(5)"""
    duplicate_perstag: Literal["allowed", "refused"] = "allowed"
    deleted_contact: Literal["new_id", "same_id"] = "new_id"
    """What a deleted address gets when it is sent again (10)."""
    # Values
    null_name: Literal["erases", "ignored"] = "erases"
    empty_value: EmptyValue = "kept_empty"
    """A field value of "" in contact/sync: a row with "", no change, or no row (1)."""
    null_value: EmptyValue = "kept_empty"
    """The same for null (1)."""
    bulk_empty_value: EmptyValue = "kept_empty"
    """The same for "" in bulk import (1)."""
    bulk_empty_name: Literal["erases", "ignored"] = "erases"
    unknown_field: Literal["ignored", "refused"] = "ignored"
    """A field id that does not exist, in contact/sync."""
    choices: Literal["any", "checked"] = "any"
    """Whether a value must be one of the field's options."""
    text_limit: int | None = None
    """Characters a value is cut to (10)."""
    unchanged_sync: Literal["bumps", "leaves"] = "bumps"
    """What a sync that changes nothing does to `udate` (11)."""
    inline_tags_and_lists: bool = False
    """Whether contact/sync and POST /contacts take `tags` and `lists` (9, D10)."""
    # Bulk import
    bulk_latency: float = 6.0
    """From the request to its contacts."""
    bulk_hidden: float = 1.0
    """While `status` is false."""
    bulk_content_type: Literal["text/html; charset=UTF-8", "application/json"] = "text/html; charset=UTF-8"
    bulk_shares_rate: bool = True
    """Whether imports count against the account's rate as well (3)."""
    bulk_unsubscribed: Literal["row_fails", "list_skipped"] = "row_fails"
    """A row that would subscribe somebody who left: nothing of it, or all but the list (2)."""
    bulk_success: Literal["processed", "created"] = "processed"
    """Whose ids `success` has (D7)."""
    bulk_row_failures: float = 0.0
    """Share of rows that fail after queueing, chosen by seed."""
    unknown_batch: Literal["status_false", "not_found"] = "status_false"
    """(7)"""
    batch_kept: float | None = None
    """How long a batch can be asked for; None for ever (7)."""

    # Tracking
    event_answer: Literal["json", "text"] = "json"
    """`{"success":1,…}` or a bare 1 or 0 (D8)."""
    event_refusal: Literal["success_0", "400"] = "success_0"
    """How the tracking host says no: 200 with `success` 0, or 400 with `{}` (8)."""
    refused_event: str = ""
    """An event of this name is refused, whatever the rest of it is like."""
    disabled_tracking: Literal["refused", "dropped"] = "refused"
    """An event while event tracking is off: a refusal, or a success of which nothing is kept (8)."""
    unknown_event: Literal["dropped", "registered"] = "dropped"
    """An event whose name is not registered: a success of which nothing is kept, or it is registered (8)."""
    unknown_visitor: Literal["attached_later", "dropped"] = "attached_later"
    """What was tracked for an address nobody has, once somebody has it (8)."""
    event_case: Literal["ignored", "kept"] = "ignored"
    """Whether names of events are the same in another letter case."""
    duplicate_event: Literal["returned", "refused"] = "returned"
    """A name of an event that is registered again."""
    long_event: Literal["refused", "cut"] = "refused"
    """A name of more than 32 characters."""
    event_value_limit: int = 250
    """Characters `eventdata` is cut to (8)."""
    event_latency: float = 0.0
    """From the request to the contact's log."""
    visits_logged: bool = False
    """Whether page visits are in the contact's log."""
    site_domains: Literal["present", "gone"] = "present"
    """Whether there is /siteTrackingDomains still (D11)."""
    tracking_shares_rate: bool = True
    """Whether the tracking host's requests count against the account's rate; it has no known limit of its own."""
    # Automations
    inactive_automation: Literal["refused", "entered"] = "refused"
    """What enrolling in an automation does that is not active."""

    def changed(self, values: Mapping[str, object]) -> Switches:
        """Return switches with some set anew. Raises SettingsError that names every wrong one."""
        try:
            return _ADAPTER.validate_python({**asdict(self), **values})
        except ValidationError as error:
            faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
            raise SettingsError(f"The sandbox has no such switch or value: {faults}.") from None


_ADAPTER = TypeAdapter(Switches)
