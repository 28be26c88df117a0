"""Bulk import: what each answer means, its own limits, and where a batch is."""

from __future__ import annotations

import asyncio
import json
import random
from itertools import pairwise

import httpx
import pytest
from pydantic import SecretStr

from ac_pipeline.activecampaign import ActiveCampaign, Patience, connect
from ac_pipeline.activecampaign.payloads import Batch
from ac_pipeline.errors import Inconsistent, OwnerMustAct, ServiceUnavailable
from ac_pipeline.model.bulk import ImportProgress, ImportStatus, RefusedRow, Submission
from ac_pipeline.model.delivery import Outcome
from unit.activecampaign.ac_connection import CONTACT, EMAIL, KEY, talk
from unit.activecampaign.scripted_server import Reset, Say, Step, scripted
from unit.activecampaign.simulated_time import FakeTime, simulate

HTML = "text/html; charset=UTF-8"
BATCH_ID = "3840817e-6908-41cc-92a6-469478d8994a"
QUEUED = {"success": 1, "queued_contacts": 2, "batchId": BATCH_ID, "message": "Contact import queued"}
LIMITED = {
    "success": 0,
    "message": "Rate limit exceeded.",
    "failureReasons": ["Up to 100 imports may be requested per minute.Please batch contacts into larger requests, ..."],
}
INVALID = "JSON payload did not pass validation. Please fix failureReasons and retry."
TWO = Batch((json.dumps({"email": EMAIL}), '{"email":"b@example.com"}'))
REPEATABLE = Batch(TWO.rows, exclude_automations=True)


def submit(*steps: Step, batch: Batch = TWO, then: Step | None = None, **options: object) -> tuple[Submission, int]:
    """Return what came of a batch, and after how many requests."""
    with scripted(*steps, then=then or Say(200, QUEUED, content_type=HTML)) as server:
        answer = talk(server.url, lambda client: client.submit_import(batch), **options)
        for seen in server.seen:
            assert seen.body in {"", batch.body}
        return answer, len(server.seen)


def refused(*reasons: object) -> Say:
    return Say(400, {"success": 0, "message": INVALID, "failureReasons": list(reasons)}, content_type=HTML)


@pytest.mark.parametrize("key", ["success", "Success"])
@pytest.mark.parametrize("count", [1, 5, "1", True])
def test_a_queued_batch_has_an_id(key: str, count: object) -> None:
    """JSON as text/html; `success` counts more than was queued when addresses are excluded."""
    body = {key: count, "queued_contacts": "2", "batchId": BATCH_ID}
    answer, _ = submit(then=Say(200, body, content_type=HTML))
    assert answer == Submission(Outcome.ACKNOWLEDGED, 200, "", BATCH_ID, 2)


def test_a_refusal_names_its_rows() -> None:
    """By position from 1, with the documented reasons in their words, and others as no more than refused."""
    answer, requests = submit(
        refused(
            {"contact": 230, "failureReason": "Field\u2018 email\u2019 incorrect format"},
            {"contact": "2", "failureReason": "Field 'email' not found"},
            {"contact": 2, "failureReason": "again"},
            {"contact": 7, "failureReason": f"No mail for {EMAIL}"},
            {"contact": 0, "failureReason": "no such row"},
            {"contact": None},
        )
    )
    rows = (
        RefusedRow(2, "email not found"), RefusedRow(7, "refused"), RefusedRow(230, "email incorrect format"),
    )  # fmt: skip
    assert answer == Submission(Outcome.REJECTED, 400, "3 rows refused", refused=rows)
    assert requests == 1


@pytest.mark.parametrize(
    "step",
    [refused("Invalid or unparsable json"), refused(), Say(400, {}), Say(200, {"success": 0, "message": "no"})],
)
def test_a_refusal_without_rows_is_unexplained(step: Step) -> None:
    """The batch as a whole was not taken, and nobody knows why."""
    answer, requests = submit(step)
    assert (answer.outcome, answer.refused, answer.unexplained, requests) == (Outcome.REJECTED, (), True, 1)


@pytest.mark.parametrize("status", [400, 200, 429])
def test_rate_limit_exceeded_is_throttling(status: int) -> None:
    """Ten times in a row it uses up no attempt, and the waits are of the order of its minute."""
    time = FakeTime()
    with scripted(*[Say(status, LIMITED, content_type=HTML)] * 10, then=Say(200, QUEUED)) as server:
        answer = talk(server.url, lambda client: client.submit_import(TWO), time, patience=Patience(throttled=3600))
    assert (answer.outcome, len(server.seen)) == (Outcome.ACKNOWLEDGED, 11)
    assert 240 <= sum(time.slept) <= 600


def test_throttling_without_end_stops() -> None:
    """After the given time nothing was sent, and the run is over."""
    answer, _ = submit(then=Say(400, LIMITED), patience=Patience(throttled=100))
    assert (answer.outcome, answer.reason, type(answer.stop)) == (Outcome.NOT_SENT, "throttled", ServiceUnavailable)


def test_single_calls_go_on_while_imports_pause() -> None:
    """The import's own limit is not the account's."""

    def answer(request: httpx.Request) -> httpx.Response:
        if "import" not in request.url.path:
            return httpx.Response(200, json=CONTACT)
        imports.append(asyncio.get_running_loop().time())
        return httpx.Response(400, json=LIMITED) if len(imports) == 1 else httpx.Response(200, json=QUEUED)

    imports: list[float] = []

    async def run() -> tuple[float, float]:
        clock = asyncio.get_running_loop().time
        async with connect(
            "http://localhost", SecretStr(KEY), clock=clock, jitter=random.Random(1),
            transport=httpx.MockTransport(answer),
        ) as client:  # fmt: skip
            batch = asyncio.create_task(client.submit_import(TWO))
            await asyncio.sleep(0.1)
            await client.sync_contact("{}")
            single = clock()
            await batch
            return single, clock()

    single, batch = simulate(run())
    assert single < 1
    assert batch > 2


@pytest.mark.parametrize(
    ("rows", "share", "spacing"), [(2, 1.0, 0.6024), (2, 0.8, 0.75), (1, 1.0, 3.012), (1, 0.5, 6.0)]
)
def test_imports_have_their_own_pace(rows: int, share: float, spacing: float) -> None:
    """A hundred a minute, and twenty of one contact, used to the share and started side by side."""
    starts: list[float] = []

    def answer(_request: httpx.Request) -> httpx.Response:
        starts.append(asyncio.get_running_loop().time())
        return httpx.Response(200, json=QUEUED)

    async def run() -> None:
        async with connect(
            "http://localhost", SecretStr(KEY), share=share, clock=asyncio.get_running_loop().time,
            transport=httpx.MockTransport(answer),
        ) as client:  # fmt: skip
            await asyncio.gather(*(client.submit_import(Batch(TWO.rows[:rows])) for _ in range(30)))

    simulate(run())
    assert [after - before for before, after in pairwise(starts[1:])] == pytest.approx([spacing] * 28)


@pytest.mark.parametrize(
    ("trouble", "batch", "outcome", "requests"),
    [
        (Reset(after_reading=True), REPEATABLE, Outcome.ACKNOWLEDGED, 2),
        (Reset(after_reading=True), TWO, Outcome.UNKNOWN, 1),
        (Say(500), TWO, Outcome.UNKNOWN, 1),
        (Say(200), TWO, Outcome.UNKNOWN, 1),
        (Say(200, b'{"success":1', content_type=HTML), TWO, Outcome.UNKNOWN, 1),
        (Say(200, b"<html>Login</html>", content_type=HTML), TWO, Outcome.UNKNOWN, 1),
        (Say(429), TWO, Outcome.ACKNOWLEDGED, 2),
        (Say(403), TWO, Outcome.ACKNOWLEDGED, 2),
    ],
)
def test_a_lost_answer_is_repeated_only_without_automations(
    trouble: Step, batch: Batch, outcome: Outcome, requests: int
) -> None:
    """A second import of the same contacts would let them enter automations twice."""
    answer, made = submit(trouble, batch=batch)
    assert (answer.outcome, made) == (outcome, requests)


def test_one_unclear_answer_stops_nothing_but_a_login_page_does() -> None:
    """A 503 may pass; a page in place of the API does not."""
    assert submit(Say(503))[0].stop is None
    assert type(submit(Say(200, b"<html>Login</html>", content_type=HTML))[0].stop) is OwnerMustAct
    assert type(submit(then=Say(503), batch=REPEATABLE)[0].stop) is ServiceUnavailable


def test_a_refused_key_stops() -> None:
    """As everywhere."""
    answer, requests = submit(then=Say(403))
    assert (answer.outcome, type(answer.stop), requests) == (Outcome.NOT_SENT, OwnerMustAct, 3)


@pytest.mark.parametrize("rows", [(), ("{}",) * 251, ("x" * 390_000,)])
def test_a_batch_over_the_limits_is_never_sent(rows: tuple[str, ...]) -> None:
    """`pack` makes none; whoever does has a fault."""
    with scripted() as server, pytest.raises(Inconsistent):
        talk(server.url, lambda client: client.submit_import(Batch(rows)))
    assert server.seen == []


def progress(answer: object) -> ImportProgress:
    with scripted(then=Say(200, answer, content_type=HTML)) as server:
        found = talk(server.url, lambda client: client.import_progress(BATCH_ID))
    assert server.seen[0].target == f"/api/3/import/info?batchId={BATCH_ID}"
    return found


@pytest.mark.parametrize(
    ("said", "status", "over"),
    [(False, "pending", False), (None, "pending", False), ("", "pending", False), ("queued", "pending", False),
     ("waiting", "waiting", False), ("claimed", "claimed", False), ("active", "active", False),
     ("Completed", "completed", True), ("failed", "failed", True), ("interrupted", "interrupted", True)],
)  # fmt: skip
def test_every_status_is_understood(said: object, status: str, over: bool) -> None:
    """`false` just after posting, and a word nobody knows, mean: ask again."""
    found = progress({"status": said})
    assert found == ImportProgress(ImportStatus(status))
    assert found.status.over is over


def test_what_was_processed_and_what_failed_are_told() -> None:
    """Ids as text, addresses that no repr shows."""
    found = progress({"status": "completed", "success": ["1250", 1251], "failure": [EMAIL]})
    assert found == ImportProgress(ImportStatus.COMPLETED, ("1250", "1251"), (EMAIL,))
    assert EMAIL not in repr(found)
    assert progress({"status": "active", "success": None, "failure": {}}) == ImportProgress(ImportStatus.ACTIVE)


def test_an_import_reveals_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Not in its answer and not in the log, whatever the service repeats."""
    caplog.set_level("DEBUG")
    shown = ""
    for step in (refused({"contact": 1, "failureReason": EMAIL}), Say(400, {"message": EMAIL}), Say(500, {"e": EMAIL})):
        answer, _ = submit(then=step)
        shown += f"{answer!r} {answer.stop!r}"
    assert EMAIL not in shown + caplog.text


async def _use(client: ActiveCampaign) -> object:
    await client.submit_import(TWO)
    await client.import_progress(BATCH_ID)
    return client.requests


def test_imports_are_counted() -> None:
    """By endpoint, without the batch's id."""
    with scripted(Say(200, QUEUED), Say(200, {"status": False})) as server:
        assert talk(server.url, _use) == {"GET /import/info": 1, "POST /import/bulk_import": 1}
