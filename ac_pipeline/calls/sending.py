"""Make the requests of one call: attempts are durable before the first, each answer before the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ac_pipeline.activecampaign.caller import Unconfirmed
from ac_pipeline.errors import ContactRefused, PipelineError, ServiceUnavailable
from ac_pipeline.model.delivery import OPT_OUT_REASONS, Answer, Outcome
from ac_pipeline.store.calls import CallStep, Person, begin_call, end_call
from ac_pipeline.store.ledger import record_answers
from ac_pipeline.store.store import Store
from ac_pipeline.sync.deliver import what_is_left
from ac_pipeline.sync.steps import Sender, take

STOPPED = "the call was stopped"
_SYNC = "sync"


class Gone(Exception):
    """The contact was deleted over there; the ledger knows it now."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What was confirmed. `not_subscribed` maps the numbers of steps to the reason why nobody was subscribed."""

    remote_id: str | None
    not_subscribed: Mapping[int, str] = field(default_factory=dict)


async def send(store: Store, sender: Sender, person: Person, email: str, steps: Sequence[CallStep]) -> Sent:
    """Make the requests of `steps` in order.

    People who opted out are not subscribed, and that is no fault. Raises Gone; ContactRefused, OwnerMustAct or
    ServiceUnavailable when anything else was not confirmed, after all that was answered is recorded.
    """
    if not steps:
        return Sent(person.remote_id)
    attempts = begin_call(store, person, email, steps)
    remote_id, answers = person.remote_id, dict[int, Answer]()
    try:
        for one in steps:
            number = one.step.number
            answers[number] = answer = await take(sender, remote_id, one.step)
            record_answers(store, {attempts.pop(number): answer})
            remote_id = answer.remote_id or remote_id
            if (left := what_is_left(one.step, answer)) is not None:
                record_answers(store, dict.fromkeys(attempts.values(), left))
                attempts.clear()
                break
    finally:
        record_answers(store, dict.fromkeys(attempts.values(), Answer(Outcome.UNKNOWN, reason=STOPPED)))
        end_call(store, person.contact_id)
    opted_out = {number: answer.reason for number, answer in answers.items() if _opted_out(answer)}
    for one in steps:
        answer = answers.get(one.step.number, Answer(Outcome.ACKNOWLEDGED))
        if answer.outcome is not Outcome.ACKNOWLEDGED and one.step.number not in opted_out:
            raise _fault(answer, created=one.step.route == _SYNC)
    return Sent(remote_id, opted_out)


def _opted_out(answer: Answer) -> bool:
    return answer.outcome is Outcome.REJECTED and answer.reason in OPT_OUT_REASONS


def _fault(answer: Answer, *, created: bool) -> PipelineError | Gone:
    if answer.stop is not None:
        return answer.stop
    if answer.status == 404 and answer.outcome is Outcome.UNKNOWN:
        return Gone()
    if answer.outcome is Outcome.REJECTED:
        what = "make this contact" if created else "take what was said of this contact"
        return ContactRefused(
            f"ActiveCampaign does not {what} ({answer.reason}).", "Others are not concerned. See `deliveries`."
        )
    if answer.outcome is Outcome.UNKNOWN:
        return Unconfirmed(
            f"It is not known whether ActiveCampaign took it ({answer.reason}).",
            "Nothing is said twice by calling again: do so later.",
        )
    return ServiceUnavailable(f"ActiveCampaign was not told ({answer.reason}).", "Call again later.")
