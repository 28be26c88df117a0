-- How long after the end of the window that changed it each value was confirmed, per window, in seconds.
-- A change counts from the first window that was delivered with it: what was computed for the past was never due. A
-- contact that had to wait for a later run counts from its own window, and only its first confirmation counts.
with spoken as (
    select property_id from engine.property where kind in ('audience', 'trait') and sent
),
began as (
    select property_id, contact_id, valid_from as since, value
    from engine.history where valid_from >= $since and property_id in (select property_id from spoken)
),
moved as (
    from began
    union all
    select history.property_id, history.contact_id, history.valid_to, null
    from engine.history
    left join began on began.property_id = history.property_id and began.contact_id = history.contact_id
        and began.since = history.valid_to
    where history.valid_to >= $since and history.valid_to < timestamp '9999-12-31' and began.property_id is null
        and history.property_id in (select property_id from spoken)
),
due as (
    select moved.*, approval.as_of
    from moved
    asof join engine.approval
        on approval.property_id = moved.property_id and moved.since <= approval.as_of
),
confirmed as (
    select said.property_id, attempt.contact_id, said.value, outcome.answered_at
    from engine.attempt
    join engine.outcome on outcome.attempt_id = attempt.attempt_id and outcome.outcome = 'acknowledged'
    join engine.attempt_value as said on said.attempt_id = attempt.attempt_id
    where attempt.attempted_at >= $since
),
told as (
    select due.as_of, due.property_id, due.contact_id, due.since, min(confirmed.answered_at) as answered_at
    from due
    join confirmed on confirmed.property_id = due.property_id and confirmed.contact_id = due.contact_id
        and confirmed.answered_at >= due.as_of
        and (confirmed.value = due.value or due.value is null and confirmed.value in ('false', ''))
    group by all
)
select as_of, count(*) as changes,
    quantile_cont(epoch(answered_at - as_of), 0.5) as median, quantile_cont(epoch(answered_at - as_of), 0.95) as most
from told group by as_of order by as_of
