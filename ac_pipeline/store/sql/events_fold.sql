-- Bring events up to date with the ends of their attempts; the last end of the last attempt counts.
-- A look at the account, or the setting, ends a doubt: `found`, `absent`, `repeat` and `skip` are its reasons.
create or replace temp table ended_event as
select attempt.event_id, outcome.outcome, outcome.reason
from engine.event_attempt as attempt
join engine.event on event.event_id = attempt.event_id and event.settled_at is null
join engine.event_outcome as outcome on outcome.attempt_id = attempt.attempt_id
qualify row_number() over (
    partition by attempt.event_id order by attempt.attempt_id desc, outcome.outcome_id desc
) = 1;

update engine.event set
    state = case
        when ended.outcome = 'acknowledged' then 'sent'
        when ended.outcome = 'rejected' then 'rejected'
        when ended.outcome = 'not_sent' or ended.reason = $repeat then 'pending'
        else 'unknown'
    end,
    reason = if(ended.outcome = 'acknowledged', null, ended.reason),
    settled_at = if(
        ended.outcome in ('acknowledged', 'rejected') or ended.outcome = 'unknown' and ended.reason = $skip, $now, null
    )
from ended_event as ended
where event.event_id = ended.event_id;
