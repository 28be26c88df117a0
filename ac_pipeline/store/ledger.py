"""The ledger: what was attempted, what was answered, and what ActiveCampaign therefore was told."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from ac_pipeline.model.delivery import Answer, Outcome
from ac_pipeline.store.account import ACCOUNT_ID
from ac_pipeline.store.sql import run_script
from ac_pipeline.store.store import Store

logger = logging.getLogger(__name__)


def begin_attempts(store: Store, contact_ids: Sequence[int]) -> dict[int, int]:
    """Write attempts for contacts of the outbox, durably, before any request; return contact → attempt id."""
    with store.transaction() as connection:
        rows = connection.execute(
            """insert into engine.attempt
            select nextval('engine.attempt_ids'), $account, contact_id, $run, route, email, revision, $now
            from engine.outbox where contact_id in (select unnest($contacts))
            order by position
            returning contact_id, attempt_id""",
            {"account": ACCOUNT_ID, "run": store.run_id, "now": store.now(), "contacts": list(contact_ids)},
        ).fetchall()
        attempts = {int(contact_id): int(attempt_id) for contact_id, attempt_id in rows}
        connection.execute(
            """insert into engine.attempt_value
            select attempt.id, value.property_id, value.value
            from (select unnest($contacts) as contact_id, unnest($attempts) as id) as attempt
            join engine.outbox_value as value on value.contact_id = attempt.contact_id""",
            {"contacts": list(attempts), "attempts": list(attempts.values())},
        )
    return attempts


def record_answers(store: Store, answers: Mapping[int, Answer]) -> None:
    """Write the outcomes of attempts, durably, in one transaction: `answers` maps attempt id to answer."""
    if not answers:
        return
    store.connection.execute(
        """insert into engine.outcome
        select unnest($attempts), unnest($outcomes), unnest($statuses), unnest($reasons), unnest($remotes), $now""",
        {
            "attempts": list(answers),
            "outcomes": [answer.outcome.value for answer in answers.values()],
            "statuses": [answer.status for answer in answers.values()],
            "reasons": [answer.reason for answer in answers.values()],
            "remotes": [answer.remote_id for answer in answers.values()],
            "now": store.now(),
        },
    )


def outcomes_of_run(store: Store) -> dict[Outcome, int]:
    """Return how many attempts of this run ended how; one without an outcome counts as unknown."""
    rows = store.connection.execute(
        """select coalesce(outcome.outcome, 'unknown') as outcome, count(*)
        from engine.attempt left join engine.outcome on outcome.attempt_id = attempt.attempt_id
        where attempt.run_id = $run group by 1""",
        {"run": store.run_id},
    ).fetchall()
    return {Outcome(outcome): int(count) for outcome, count in rows}


def fold(store: Store) -> int:
    """Bring the ledger up to date with recorded outcomes. Calling it again changes nothing.

    Returns how many contacts turned out to be deleted and made again: what they were told before is unknown.
    """
    with store.transaction() as connection:
        run_script(connection, "fold")
        row = connection.execute("select count(distinct contact_id) from doubted").fetchone()
    return int(row[0]) if row else 0


def recover(store: Store) -> int:
    """Make attempts without an outcome unknown, and fold; return how many there were.

    Called while the lock is held and nothing is in flight: whoever made them is gone.
    """
    unanswered = [
        int(row[0])
        for row in store.connection.execute(
            """select attempt.attempt_id from engine.attempt
            left join engine.outcome on outcome.attempt_id = attempt.attempt_id
            where outcome.attempt_id is null
                and attempt.attempt_id > (select coalesce(max(attempt_id), 0) from engine.folded)"""
        ).fetchall()
    ]
    reason = "the process ended before the answer"
    record_answers(store, {attempt: Answer(Outcome.UNKNOWN, reason=reason) for attempt in unanswered})
    fold(store)
    if unanswered:
        logger.warning("%d attempts of an earlier run had no answer; their values are unknown", len(unanswered))
    return len(unanswered)
