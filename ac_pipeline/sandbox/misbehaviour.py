"""How each fault looks to the client."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto

from ac_pipeline.sandbox import refusals
from ac_pipeline.sandbox.faults import Fault, Kind
from ac_pipeline.sandbox.imports import INVALID, refused, too_many
from ac_pipeline.sandbox.switches import Switches
from ac_pipeline.sandbox.wire import Json, Reply


class Ending(Enum):
    """What becomes of the connection instead of a whole answer."""

    CLOSED = auto()
    RESET = auto()
    CUT_OFF = auto()
    """Closed in the middle of the body."""
    RESTART = auto()
    """The whole server goes away for a while."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A connection that ends badly: before or after the request took effect, at once or after a long wait."""

    ending: Ending
    takes_effect: bool
    waits: bool = False


LOSSES: Mapping[Kind, Loss] = {
    Kind.DROPPED_BEFORE: Loss(Ending.CLOSED, takes_effect=False),
    Kind.DROPPED_AFTER: Loss(Ending.CLOSED, takes_effect=True),
    Kind.RESET_BEFORE: Loss(Ending.RESET, takes_effect=False),
    Kind.RESET_AFTER: Loss(Ending.RESET, takes_effect=True),
    Kind.HANGS_BEFORE: Loss(Ending.CLOSED, takes_effect=False, waits=True),
    Kind.HANGS_AFTER: Loss(Ending.CLOSED, takes_effect=True, waits=True),
    Kind.CUT_OFF: Loss(Ending.CUT_OFF, takes_effect=True),
    Kind.RESTART_BEFORE: Loss(Ending.RESTART, takes_effect=False),
    Kind.RESTART_AFTER: Loss(Ending.RESTART, takes_effect=True),
}


def instead(fault: Fault, switches: Switches, rate_headers: Mapping[str, str]) -> Reply | None:
    """Return what is answered while nothing is done; None for kinds that let the request be handled."""
    always = replace(switches, throttle_status=429, throttle_body="message")
    match fault.kind:
        case Kind.THROTTLED:
            return refusals.too_many(always, {**rate_headers, "Retry-After": str(math.ceil(fault.seconds))})
        case Kind.THROTTLED_BARE:
            return refusals.too_many(replace(always, throttle_body="empty"), {})
        case Kind.THROTTLED_503:
            return refusals.too_many(replace(always, throttle_status=503, throttle_body="empty"), {})
        case Kind.BULK_THROTTLED:
            return replace(too_many(2, 100).reply, media_type=switches.bulk_content_type)
        case Kind.BULK_ROW_REFUSED:
            reason: Json = {"contact": fault.row, "failureReason": "Field 'email' incorrect format"}
            return replace(refused(INVALID, [reason]).reply, media_type=switches.bulk_content_type)
        case kind:
            return _REPLIES.get(kind)


def altered(kind: Kind, reply: Reply) -> Reply:
    """Return what a fault makes of the true answer."""
    match kind:
        case Kind.EMPTY_ANSWER:
            return replace(reply, status=200, raw=b"")
        case Kind.AC_ERROR_HEADER:
            return replace(reply, headers={**reply.headers, "X-Ac-Error": "Code 9001"})
        case Kind.JSON_AS_HTML:
            return replace(reply, media_type="text/html; charset=UTF-8")
        case Kind.TRUNCATED:
            content = reply.content()
            return replace(reply, raw=content[: len(content) // 2])
        case Kind.GATEWAY_TIMEOUT:
            return refusals.error_page(504, "Gateway Time-out")
        case _:
            return reply


_REPLIES: Mapping[Kind, Reply] = {
    Kind.PAYMENT_REQUIRED: Reply(402, {"message": "Payment Required"}),
    Kind.FORBIDDEN: refusals.forbidden(),
    Kind.FORBIDDEN_EMPTY: Reply(403),
    Kind.NOT_FOUND: refusals.not_found("Subscriber", 0).reply,
    Kind.EMAIL_INVALID: refusals.email_invalid().reply,
    Kind.EMAIL_DUPLICATE: refusals.email_duplicate().reply,
    Kind.FIELD_ERROR: refusals.field_invalid().reply,
    Kind.UNKNOWN_4XX: Reply(418, {"message": "Something the documentation does not know"}),
    Kind.LOGIN_PAGE: refusals.login_page(),
    Kind.MASKED_FAILURE: refusals.masked_failure(),
    Kind.SERVER_ERROR: refusals.error_page(500, "Internal Server Error"),
    Kind.BAD_GATEWAY: refusals.error_page(502, "Bad Gateway"),
    Kind.UNAVAILABLE: refusals.error_page(503, "Service Temporarily Unavailable"),
}
