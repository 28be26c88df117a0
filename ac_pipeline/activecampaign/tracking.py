"""The tracking host: events and visits, with credentials of its own (reference, sections 12 and 13)."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from urllib.parse import urlencode

import httpx

from ac_pipeline.activecampaign.caller import Call, Caller, Ending
from ac_pipeline.activecampaign.reply import Reply, Sign
from ac_pipeline.errors import Inconsistent, OwnerMustAct, PipelineError
from ac_pipeline.model.delivery import Answer, Outcome
from ac_pipeline.model.tracking import LONGEST_VALUE, TrackingAccess, event_name_fault

_FORM = "application/x-www-form-urlencoded"
_SAID = {"1": True, "True": True, "0": False, "False": False}
_NO_ACCOUNT = "an account id must be provided"
"""The only refusal whose words are known."""
_CHECK = (
    "Check ACTIVECAMPAIGN_ACTID and ACTIVECAMPAIGN_EVENT_KEY (in ActiveCampaign: Settings → Tracking → Event Tracking)"
    " and ACTIVECAMPAIGN_TRACKING_URL."
)


class EventKey(httpx.Auth):
    """Puts the account's number and the key into a form while it is sent, so that nothing else holds it readable."""

    requires_request_body = True

    def __init__(self, access: TrackingAccess) -> None:
        self._access = access

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Yield the request to be made: a visit as it is, an event as a form with the credentials first."""
        if request.method != "POST":
            yield request
            return
        key = self._access.key.get_secret_value().strip()
        content = urlencode({"actid": self._access.actid, "key": key}).encode() + b"&" + request.content
        kept = {name: value for name, value in request.headers.items() if name != "content-length"}
        headers = {**kept, "content-type": _FORM}
        yield httpx.Request("POST", request.url, headers=headers, content=content, extensions=request.extensions)


class Tracker:
    """Sends events and visits. Neither can be sent twice without counting twice, nor be dated back."""

    def __init__(self, caller: Caller, actid: str) -> None:
        self._caller, self._actid = caller, actid

    @property
    def requests(self) -> Mapping[str, int]:
        """Requests made so far by endpoint, repeated and throttled ones included."""
        return self._caller.requests

    async def event(self, email: str, name: str, value: str = "") -> Answer:
        """POST event; not made again once it may have taken effect. Of a long value the beginning is sent.

        REJECTED and unexplained when the host says `success` 0: it gives no reason that could be relied on. Nothing
        tells whether the account knows the name, or anybody has the address. Raises Inconsistent, before any request,
        for a name `event_name_fault` objects to.
        """
        if event_name_fault(name):
            raise Inconsistent("An event was to be sent under a name the service does not take.")
        visit = json.dumps({"email": email}, ensure_ascii=False)
        form = {"event": name.strip(), "eventdata": value[:LONGEST_VALUE], "visit": visit}
        body = urlencode({key: text for key, text in form.items() if text})
        call = Call("POST", "/event", "event", shows=("success",), body=body, repeatable=False)
        return _event_answer(await self._caller.end(call))

    async def visit(self, email: str, page: str, referrer: str = "") -> Answer:
        """GET visit; not made again once it may have taken effect.

        ACKNOWLEDGED says that the host took it, no more: it answers the same when it keeps nothing.
        """
        params = {"actid": self._actid, "e": email, "r": referrer, "u": page}
        ending = await self._caller.end(Call("GET", "/visit", "visit", params=params, repeatable=False))
        # Whatever comes back is meant for a browser, which shows none of it.
        if _is_success(ending.reply) and ending.reply.sign in {Sign.OBJECT, Sign.BROKEN, Sign.EMPTY}:
            return Answer(Outcome.ACKNOWLEDGED, ending.reply.status)
        return _answer(ending)


def _event_answer(ending: Ending) -> Answer:
    reply = ending.reply
    if not _is_success(reply) or reply.sign not in {Sign.OBJECT, Sign.BROKEN}:
        return _answer(ending)
    # JSON as documented, or the bare number one source has (reference, D8).
    data = reply.data if isinstance(reply.data, dict) else {"success": reply.data}
    said = _SAID.get(str(data.get("success")))
    if said is None:
        return Answer(Outcome.UNKNOWN, reply.status, "unreadable success")
    if said:
        return Answer(Outcome.ACKNOWLEDGED, reply.status)
    if str(data.get("message")).casefold().startswith(_NO_ACCOUNT):
        stop = OwnerMustAct("ActiveCampaign's tracking host does not know the account.", _CHECK)
        return Answer(Outcome.NOT_SENT, reply.status, "no account", stop=stop)
    return Answer(Outcome.REJECTED, reply.status, "success 0", unexplained=True)


def _answer(ending: Ending) -> Answer:
    """Return the end of a request as the table has it, but for what the API's answers mean elsewhere."""
    if ending.reply.status in {404, 405}:
        stop = OwnerMustAct("What answers at the tracking URL is not ActiveCampaign's tracking host.", _CHECK)
        return Answer(Outcome.NOT_SENT, ending.reply.status, ending.reason, stop=stop)
    return Answer(
        ending.outcome, ending.reply.status, ending.reason, unexplained=ending.unexplained, stop=_stop(ending)
    )


def _stop(ending: Ending) -> PipelineError | None:
    """Return the error after which no further request may be made; the table's words are about the API."""
    stop = ending.stop
    if stop is None:
        return None
    verb = "refuses requests" if isinstance(stop, OwnerMustAct) else "cannot be reached now"
    return type(stop)(f"ActiveCampaign's tracking host {verb} ({ending.reason}).", _CHECK)


def _is_success(reply: Reply) -> bool:
    return reply.status is not None and 200 <= reply.status < 300
