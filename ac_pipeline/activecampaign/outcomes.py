"""What happens next after each reply: one table, the first row that fits wins.

"section" in a source is a section of the reference on ActiveCampaign's API, with its marks.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ac_pipeline.activecampaign.address import WHERE
from ac_pipeline.activecampaign.reply import Reply, Sign
from ac_pipeline.errors import OwnerMustAct, PipelineError, ServiceUnavailable
from ac_pipeline.model.delivery import Outcome


class Next(StrEnum):
    """What the caller does with a reply."""

    ACCEPT = "accept"
    THROTTLE = "throttle"
    """Wait and repeat; no failed attempt, bounded by time."""
    RETRY = "retry"
    """Repeat after a back-off, `tries` in all; then `outcome` holds."""
    REFUSE = "refuse"
    """Over at once."""


@dataclass(frozen=True, slots=True)
class Row:
    """One rule. `statuses` is an inclusive range, None where there was no reply; no `signs` means any.

    `reason` ends up in the ledger: the service's own code where it is empty.
    """

    source: str
    statuses: tuple[int, int] | None
    signs: frozenset[Sign]
    next: Next
    outcome: Outcome
    tries: int = 1
    reason: str = ""
    stop: type[PipelineError] | None = None
    message: str = ""
    hint: str = ""
    unexplained: bool = False
    """The reference does not describe such a refusal."""

    def fits(self, status: int | None, sign: Sign) -> bool:
        """Whether the rule is about such a reply."""
        if self.signs and sign not in self.signs:
            return False
        if self.statuses is None or status is None:
            return self.statuses is None and status is None
        return self.statuses[0] <= status <= self.statuses[1]


FEW = 3
SEVERAL = 4

_ANY: frozenset[Sign] = frozenset()
_NOT_THE_API = "What answers at the API URL is not ActiveCampaign's API, or the key has expired."
_CHECK_BOTH = f"Check ACTIVECAMPAIGN_API_URL and ACTIVECAMPAIGN_API_KEY. {WHERE}"
_CHECK_KEY = (
    "Check ACTIVECAMPAIGN_API_KEY (Settings → Developer), what its user's group may do, "
    "and whether the plan's contact limit is reached."
)

THROTTLED = Row(
    "section 4, D9: over the limit", (429, 429), _ANY, Next.THROTTLE, Outcome.NOT_SENT, 1, "throttled",
    ServiceUnavailable, "ActiveCampaign kept asking to slow down for longer than a run may wait.",
    "Another tool may use up the account's limit; a later run continues.",
)  # fmt: skip

ROWS: tuple[Row, ...] = (
    Row(
        "section 3: nothing of the request left",
        None, frozenset({Sign.NOT_WRITTEN}), Next.RETRY, Outcome.NOT_SENT, SEVERAL, "no connection",
        ServiceUnavailable, "ActiveCampaign cannot be reached.",
        "Check the network, a proxy and the host in ACTIVECAMPAIGN_API_URL; a later run continues.",
    ),
    Row(
        "section 16: contact/sync and PUT may be repeated", None, _ANY,
        Next.RETRY, Outcome.UNKNOWN, SEVERAL, "no answer",
    ),
    THROTTLED,
    Row(
        # Gateways also say 503 about requests that were passed on, so it is no promise of no effect.
        "section 4, D9: a 2021 user saw it for 429", (503, 503), _ANY, Next.THROTTLE, Outcome.UNKNOWN, 1, "http 503",
        ServiceUnavailable, "ActiveCampaign was unavailable for longer than a run may wait.", "A later run continues.",
    ),
    Row(
        "section 4, D9: bulk import over its own limit", (200, 499), frozenset({Sign.LIMITED}), Next.THROTTLE,
        Outcome.NOT_SENT, 1, "throttled", ServiceUnavailable,
        "ActiveCampaign kept refusing imports for longer than a run may wait.", "A later run continues.",
    ),
    Row(
        "section 2: a masked failure", (200, 299), frozenset({Sign.MASKED}),
        Next.RETRY, Outcome.UNKNOWN, FEW, "success with X-Ac-Error",
    ),
    Row("section 2", (200, 299), frozenset({Sign.EMPTY}), Next.RETRY, Outcome.UNKNOWN, FEW, "success without a body"),
    Row(
        "section 2: a login page when the key is invalid", (200, 299), frozenset({Sign.PAGE}),
        Next.RETRY, Outcome.UNKNOWN, FEW, "success with a page", OwnerMustAct, _NOT_THE_API, _CHECK_BOTH,
    ),
    Row(
        "section 2, the same rule for a cut body", (200, 299), frozenset({Sign.BROKEN}),
        Next.RETRY, Outcome.UNKNOWN, FEW, "unreadable success",
    ),
    Row("section 18, D1 and D2: any 2xx", (200, 299), _ANY, Next.ACCEPT, Outcome.ACKNOWLEDGED),
    Row(
        "section 1: the vendor warns of wrong hosts; redirects would carry the key elsewhere", (300, 399), _ANY,
        Next.RETRY, Outcome.UNKNOWN, FEW, "redirected", OwnerMustAct, _NOT_THE_API, _CHECK_BOTH,
    ),
    Row(
        "section 3, E8: an automation does not take the contact", (403, 403), frozenset({Sign.NOT_CREATED}),
        Next.REFUSE, Outcome.REJECTED, 1, "not created",
    ),
    *(
        Row(
            f"section 3: {source}", (status, status), _ANY, Next.RETRY, Outcome.NOT_SENT, FEW, f"http {status}",
            OwnerMustAct, f"ActiveCampaign refuses the key, the plan or the permission (HTTP {status}).", _CHECK_KEY,
        )
        for status, source in (
            (401, "seen by one client"),
            (402, "the account has to be paid"),
            (403, "wrong key or permission, at times also without cause"),
        )
    ),
    Row(
        "section 3 answers in JSON: a page is another server's", (404, 404), frozenset({Sign.PAGE}),
        Next.RETRY, Outcome.NOT_SENT, FEW, "page not found", OwnerMustAct, _NOT_THE_API, _CHECK_BOTH,
    ),
    Row("section 3, E1", (404, 404), _ANY, Next.REFUSE, Outcome.REJECTED, 1, "not found"),
    Row(
        "RFC 9110, 15.5.9: the request did not come in time", (408, 408), _ANY,
        Next.RETRY, Outcome.UNKNOWN, SEVERAL, "http 408",
    ),
    Row("section 18, D5: at times in place of 422, saying why", (400, 400), _ANY, Next.REFUSE, Outcome.REJECTED),
    Row("section 3, E2: its code says why", (422, 422), _ANY, Next.REFUSE, Outcome.REJECTED),
    Row(
        "design, section 5: an unknown 4xx rejects this contact, several in a row stop the run", (400, 499), _ANY,
        Next.REFUSE, Outcome.REJECTED, unexplained=True,
    ),
    Row("section 3: undeclared but retryable, may be HTML", (500, 599), _ANY, Next.RETRY, Outcome.UNKNOWN, SEVERAL),
    Row("no meaning in HTTP", (0, 999), _ANY, Next.RETRY, Outcome.UNKNOWN, FEW),
)  # fmt: skip


def decide(reply: Reply, *, shows: tuple[str, ...] = ()) -> Row:
    """Return the row for a reply. A success must be an object with one of the keys `shows`, where any are named."""
    sign = reply.sign
    if sign is Sign.OBJECT and shows and not (isinstance(reply.data, dict) and any(key in reply.data for key in shows)):
        sign = Sign.BROKEN
    return next(row for row in ROWS if row.fits(reply.status, sign))
