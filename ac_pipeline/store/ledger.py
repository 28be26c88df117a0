"""The ledger: what was attempted, what was answered, and what ActiveCampaign therefore was told."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from ac_pipeline.model.delivery import NOT_TAKEN, OPT_OUT_REASONS, Answer, Outcome
from ac_pipeline.store.account import ACCOUNT_ID
from ac_pipeline.store.sql import run_script
from ac_pipeline.store.store import Store

logger = logging.getLogger(__name__)


def begin_attempts(
    store: Store, contact_ids: Sequence[int], *, batch_id: int | None = None
) -> dict[tuple[int, int], int]:
    """Write attempts for contacts of the outbox, durably, before any request; return (contact, step) → attempt id."""
    with store.transaction() as connection:
        rows = connection.execute(
            """insert into engine.attempt
            select nextval('engine.attempt_ids'), chosen.* from (
                select $account::integer, contact_id, step, $batch::bigint, $run, route, email, revision,
                    $now::timestamp
                from engine.outbox where contact_id in (select unnest($contacts))
                order by position, step
            ) as chosen
            returning contact_id, step, attempt_id""",
            {
                "account": ACCOUNT_ID, "run": store.run_id, "now": store.now(), "contacts": list(contact_ids),
                "batch": batch_id,
            },
        ).fetchall()  # fmt: skip
        attempts = {(int(contact_id), int(step)): int(attempt_id) for contact_id, step, attempt_id in rows}
        connection.execute(
            """insert into engine.attempt_value
            select attempt.id, value.property_id, value.value
            from (
                select unnest($contacts) as contact_id, unnest($steps) as step, unnest($attempts) as id
            ) as attempt
            join engine.outbox_value as value
                on value.contact_id = attempt.contact_id and value.step = attempt.step""",
            {
                "contacts": [contact_id for contact_id, _ in attempts],
                "steps": [step for _, step in attempts],
                "attempts": list(attempts.values()),
            },
        )
    return attempts


def refuse_pending(store: Store, condition: str, reason: str, **names: object) -> int:
    """Refuse values of the temporary table `pending` before any request; return how many.

    `condition` is SQL over `pending`. They are recorded as the service's own refusals are: visible, with their
    reason, and back when they change or a person retries them.
    """
    with store.transaction() as connection:
        connection.execute(
            f"""create or replace temp table refused as
            select nextval('engine.attempt_ids') as attempt_id, contact_id, property_id, value
            from pending where {condition}""",
            names,
        )
        connection.execute(
            """insert into engine.attempt
            select attempt_id, $account, contact_id, 1, null, $run, 'none', '', '', $now from refused""",
            {"account": ACCOUNT_ID, "run": store.run_id, "now": store.now()},
        )
        connection.execute("insert into engine.attempt_value select attempt_id, property_id, value from refused")
        connection.execute(
            """insert into engine.outcome
            select nextval('engine.outcome_ids'), attempt_id, 'rejected', null, $reason, null, $now from refused""",
            {"reason": reason, "now": store.now()},
        )
        row = connection.execute("select count(*) from refused").fetchone()
    fold(store)
    return int(row[0]) if row else 0


def record_answers(store: Store, answers: Mapping[int, Answer]) -> None:
    """Write the outcomes of attempts, durably, in one transaction: `answers` maps attempt id to answer."""
    if not answers:
        return
    store.connection.execute(
        """insert into engine.outcome
        select nextval('engine.outcome_ids'), unnest($attempts), unnest($outcomes), unnest($statuses),
            unnest($reasons), unnest($remotes), $now""",
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
    """Return how many contacts ended how in this run, by the worst end of their steps' last attempts.

    An attempt without an outcome counts as unknown; people who opted out of a list do not count as refused.
    """
    rows = store.connection.execute(
        """with ended as (
            select attempt.contact_id,
                case when outcome.outcome is null or outcome.outcome = 'unknown' then 'unknown'
                when outcome.outcome = 'rejected' and list_contains($opt_outs, outcome.reason) then 'acknowledged'
                else outcome.outcome end as outcome
            from engine.attempt left join engine.outcome on outcome.attempt_id = attempt.attempt_id
            where attempt.run_id = $run
            qualify row_number() over (
                partition by attempt.contact_id, attempt.step order by attempt.attempt_id desc
            ) = 1
        ),
        per_contact as (
            select case when bool_or(outcome = 'unknown') then 'unknown' when bool_or(outcome = 'rejected')
                then 'rejected' when bool_or(outcome = 'not_sent') then 'not_sent' else 'acknowledged' end as outcome
            from ended group by contact_id
        )
        select outcome, count(*) from per_contact group by outcome""",
        {"run": store.run_id, "opt_outs": list(OPT_OUT_REASONS)},
    ).fetchall()
    return {Outcome(outcome): int(count) for outcome, count in rows}


def opt_outs_of_run(store: Store) -> int:
    """Return how many subscriptions of this run were not made because somebody opted out or bounced."""
    row = store.connection.execute(
        """select count(*) from engine.attempt join engine.outcome on outcome.attempt_id = attempt.attempt_id
        where attempt.run_id = $run and outcome.outcome = 'rejected' and list_contains($opt_outs, outcome.reason)""",
        {"run": store.run_id, "opt_outs": list(OPT_OUT_REASONS)},
    ).fetchone()
    return int(row[0]) if row else 0


def fold(store: Store) -> int:
    """Bring the ledger up to date with recorded outcomes. Calling it again changes nothing.

    Returns how many contacts turned out to be deleted and made again: what they were told before is unknown.
    """
    with store.transaction() as connection:
        run_script(connection, "fold", now=store.now(), opt_outs=list(OPT_OUT_REASONS), not_taken=list(NOT_TAKEN))
        row = connection.execute("select count(distinct contact_id) from doubted").fetchone()
    return int(row[0]) if row else 0


def recover(store: Store) -> int:
    """Make attempts without an outcome unknown, and fold; return how many there were.

    Called while the lock is held and nothing is in flight: whoever made them is gone. A batch that the service has
    stays open: it is asked about by its id.
    """
    with store.transaction() as connection:
        unanswered = [
            int(row[0])
            for row in connection.execute(
                """select attempt.attempt_id from engine.attempt
                left join engine.outcome on outcome.attempt_id = attempt.attempt_id
                left join engine.batch on batch.batch_id = attempt.batch_id
                where outcome.attempt_id is null and batch.state is distinct from 'queued'
                    and attempt.attempt_id > (select coalesce(max(attempt_id), 0) from engine.folded)"""
            ).fetchall()
        ]
        reason = "the process ended before the answer"
        record_answers(store, {attempt: Answer(Outcome.UNKNOWN, reason=reason) for attempt in unanswered})
        connection.execute("update engine.batch set state = 'lost' where state = 'submitted'")
    fold(store)
    if unanswered:
        logger.warning("%d attempts of an earlier run had no answer; their values are unknown", len(unanswered))
    return len(unanswered)
