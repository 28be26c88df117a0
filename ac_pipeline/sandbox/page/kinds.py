"""The faults in words, by what the client sees of them."""

from __future__ import annotations

from collections.abc import Mapping

from ac_pipeline.sandbox.faults import Kind

KINDS: Mapping[str, Mapping[Kind, str]] = {
    "Answered instead of handled": {
        Kind.THROTTLED: "429 with Retry-After",
        Kind.THROTTLED_BARE: "429 without a word",
        Kind.THROTTLED_503: "503 for too many requests",
        Kind.BULK_THROTTLED: "bulk import over its limit",
        Kind.BULK_ROW_REFUSED: "bulk import refused because of a row",
        Kind.PAYMENT_REQUIRED: "402, the account has to be paid",
        Kind.FORBIDDEN: "403 with a message",
        Kind.FORBIDDEN_EMPTY: "403 as for a wrong key",
        Kind.NOT_FOUND: "404",
        Kind.EMAIL_INVALID: "422, the address is none",
        Kind.EMAIL_DUPLICATE: "422, another contact has the address",
        Kind.FIELD_ERROR: "422, a field value is refused",
        Kind.UNKNOWN_4XX: "a refusal nobody knows",
        Kind.LOGIN_PAGE: "200 with a login page",
        Kind.MASKED_FAILURE: "empty 200 with X-Ac-Error",
        Kind.SERVER_ERROR: "500",
        Kind.BAD_GATEWAY: "502",
        Kind.UNAVAILABLE: "503",
    },
    "Handled, and answered wrongly": {
        Kind.EMPTY_ANSWER: "success without a body",
        Kind.AC_ERROR_HEADER: "success with X-Ac-Error",
        Kind.JSON_AS_HTML: "JSON that says it is HTML",
        Kind.TRUNCATED: "half of the JSON",
        Kind.GATEWAY_TIMEOUT: "504 after it took effect",
        Kind.SLOW: "takes its time",
    },
    "No answer, or not all of it": {
        Kind.DROPPED_BEFORE: "connection closed, without effect",
        Kind.DROPPED_AFTER: "connection closed after it took effect",
        Kind.RESET_BEFORE: "connection reset, without effect",
        Kind.RESET_AFTER: "connection reset after it took effect",
        Kind.HANGS_BEFORE: "hangs, without effect",
        Kind.HANGS_AFTER: "hangs after it took effect",
        Kind.CUT_OFF: "closed in the middle of the answer",
        Kind.RESTART_BEFORE: "the service goes away, without effect",
        Kind.RESTART_AFTER: "the service goes away after it took effect",
    },
    "Bulk imports that were queued": {
        Kind.BULK_FAILED: "the import fails",
        Kind.BULK_INTERRUPTED: "half of its rows are imported",
    },
}
