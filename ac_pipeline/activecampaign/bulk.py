"""Bulk import: batches of contacts, queued at once and imported later (reference, section 10)."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

from ac_pipeline.activecampaign.caller import Call, Caller, Ending
from ac_pipeline.activecampaign.limiter import Clock, Limiter, Sleep
from ac_pipeline.activecampaign.line import Rank
from ac_pipeline.activecampaign.payloads import MOST_BYTES, MOST_ROWS, Batch
from ac_pipeline.activecampaign.shapes import Shape, Text, Total, read
from ac_pipeline.errors import Inconsistent
from ac_pipeline.model.bulk import ImportProgress, ImportStatus, RefusedRow, Submission
from ac_pipeline.model.delivery import Outcome

MINUTE = 60.0
RATE, RATE_OF_ONE = 100.0, 20.0
"""Requests a minute, and of those that hold a single contact (reference, section 4)."""
_KNOWN_REASON = re.compile(r"field['\"‘’ ]*([a-z_]{1,30})['\"‘’ ]* (not found|incorrect format)")


class _SubmissionAnswer(Shape):
    batch_id: Text = Field(default="", alias="batchId")
    queued: Total = Field(default=None, alias="queued_contacts")


def _texts(value: object) -> object:
    return [item for item in value if isinstance(item, str | int)] if isinstance(value, list) else []


class _ProgressAnswer(Shape):
    status: object = None
    success: Annotated[tuple[Text, ...], BeforeValidator(_texts)] = ()
    failure: Annotated[tuple[Text, ...], BeforeValidator(_texts)] = ()


class BulkImport:
    """Bulk import of one account, with its own limits beside the account's; both are used to `share`.

    Requests with one contact are counted against both of its limits, and all against the account's, because
    the reference leaves it open.
    """

    def __init__(self, caller: Caller, share: float, *, clock: Clock, sleep: Sleep) -> None:
        self._caller = caller
        self._any = Limiter(RATE, share, window=MINUTE, clock=clock, sleep=sleep)
        self._of_one = Limiter(RATE_OF_ONE, share, window=MINUTE, clock=clock, sleep=sleep)

    async def submit(self, batch: Batch) -> Submission:
        """POST import/bulk_import: queue a batch.

        All or nothing: a refusal that names rows queued nothing, and the others may be sent without them.
        Raises Inconsistent, before any request, for a batch over the limits that `pack` keeps.
        """
        body = batch.body
        if not 0 < len(batch.rows) <= MOST_ROWS or len(body.encode()) > MOST_BYTES:
            raise Inconsistent("A bulk import was to be sent that is empty, or larger than the service takes.")
        limits = (self._of_one, self._any) if len(batch.rows) == 1 else (self._any,)
        call = Call(
            "POST", "/import/bulk_import", "import/bulk_import", shows=("success", "Success"), body=body,
            repeatable=batch.exclude_automations, limits=limits, rank=Rank.FIRST,
        )  # fmt: skip
        return _submission(await self._caller.end(call))

    async def progress(self, batch_id: str) -> ImportProgress:
        """GET import/info: where a batch is. Raises OwnerMustAct or ServiceUnavailable."""
        call = Call("GET", "/import/info", "import/info", shows=("status",), params={"batchId": batch_id})
        answer = read(_ProgressAnswer, await self._caller.needed(call), call.endpoint)
        known = isinstance(answer.status, str) and answer.status.lower() in set(ImportStatus)
        # `false` at first, for about a second (reference, section 10.2).
        status = ImportStatus(str(answer.status).lower()) if known else ImportStatus.PENDING
        return ImportProgress(status, answer.success, answer.failure)


def _submission(ending: Ending) -> Submission:
    data = ending.reply.data if isinstance(ending.reply.data, dict) else {}
    if ending.outcome is Outcome.REJECTED and (rows := _refused(data)):
        return Submission(Outcome.REJECTED, ending.reply.status, f"{len(rows)} rows refused", refused=rows)
    if ending.outcome is not Outcome.ACKNOWLEDGED:
        return Submission(
            ending.outcome, ending.reply.status, ending.reason, unexplained=ending.unexplained, stop=ending.stop
        )
    # Documented once with a capital, recorded without (reference, section 10.1); above 1 with excluded addresses.
    said = data.get("success", data.get("Success"))
    if str(said) not in {"0", "False", "None", ""}:
        answer = _SubmissionAnswer.model_validate(data)
        return Submission(Outcome.ACKNOWLEDGED, ending.reply.status, "", answer.batch_id, answer.queued or 0)
    return Submission(Outcome.REJECTED, ending.reply.status, "success without success", unexplained=True)


def _refused(data: dict[str, object]) -> tuple[RefusedRow, ...]:
    """Return the rows that failureReasons names; general reasons, which are texts, name none."""
    reasons = data.get("failureReasons")
    named = [item for item in reasons if isinstance(item, dict)] if isinstance(reasons, list) else []
    found: dict[int, str] = {}
    for item in named:
        position = str(item.get("contact"))
        if position.isascii() and position.isdigit() and int(position) > 0:
            found.setdefault(int(position), _reason(item.get("failureReason")))
    return tuple(RefusedRow(position, reason) for position, reason in sorted(found.items()))


def _reason(text: object) -> str:
    """Return a documented reason in its own words, any other as `refused`: it may repeat what was sent."""
    known = _KNOWN_REASON.fullmatch(text.strip().lower()) if isinstance(text, str) else None
    return f"{known[1]} {known[2]}" if known else "refused"
