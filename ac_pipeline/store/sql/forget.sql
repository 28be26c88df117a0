-- Forget what was over before $kept_from, the end of a computed window: what holds from then on stays answerable.
-- What the ledger rests on, what waits for a person, and what tells a run what to send is kept however old it is.

-- What ended then is a change of the window that ended then; it stays.
create or replace temp table leaving as
select past.property_id, past.contact_id, past.valid_from
from engine.past
join engine.property on property.property_id = past.property_id
left join (select distinct source_id from engine.source) as source on source.source_id = past.property_id
where past.valid_to < $kept_from
-- Whoever was in the contacts, or in an audience that speaks through a list, is known for that (see plan.sql and
-- reconcile.sql): their last stay is kept.
qualify not (property.key = 'email' or source.source_id is not null)
    or past.valid_to < max(past.valid_to) over (partition by past.property_id, past.contact_id);

delete from engine.past using leaving
where past.property_id = leaving.property_id and past.contact_id = leaving.contact_id
    and past.valid_from = leaving.valid_from and past.valid_to < $kept_from;

-- The last that is known of each property stays.
delete from engine.snapshot where as_of < $kept_from
    and as_of < (select max(as_of) from engine.snapshot as other where other.property_id = snapshot.property_id);

delete from engine.approval where as_of < $kept_from
    and as_of < (select max(as_of) from engine.approval as other where other.property_id = approval.property_id)
    and approved_at > (
        select min(approved_at) from engine.approval as other where other.property_id = approval.property_id
    );

delete from engine.computed_window where as_of < $kept_from;
delete from engine.not_computed where as_of < $kept_from;
delete from engine.problem where as_of < $kept_from;
delete from engine.held where released_at < $kept_from;

-- The last run of each kind and end stays.
delete from engine.run where coalesce(finished_at, started_at) < $kept_from and state <> 'running'
    and started_at < (
        select max(started_at) from engine.run as other where other.kind = run.kind and other.state = run.state
    );

-- Attempts whose end was known by then, and had been taken note of.
create or replace temp table settled as
select attempt.attempt_id, attempt.contact_id, attempt.account_id, outcome.outcome, outcome.remote_id
from engine.attempt
join engine.outcome on outcome.attempt_id = attempt.attempt_id
left join engine.batch on batch.batch_id = attempt.batch_id
where attempt.attempted_at < $kept_from and outcome.answered_at < $kept_from
    and outcome.outcome_id <= (select max(outcome_id) from engine.folded)
    and attempt.attempt_id <= (select max(attempt_id) from engine.folded)
    and (batch.state is null or batch.state in ('over', 'lost'));

-- Of what was said by then stays what was said last, and what was confirmed last.
create or replace temp table still_said as
with said as (
    select settled.attempt_id, settled.outcome,
        max(settled.attempt_id) over of_a_value as last_said,
        max(settled.attempt_id) filter (where settled.outcome = 'acknowledged') over of_a_value as last_confirmed
    from settled
    join engine.attempt_value as value on value.attempt_id = settled.attempt_id
    where settled.outcome <> 'not_sent'
    window of_a_value as (partition by settled.account_id, settled.contact_id, value.property_id)
)
select distinct attempt_id from said where attempt_id in (last_said, last_confirmed)
union
select attempt_id from engine.ledger
union
-- And what a later answer under another id is compared with, or one that came.
select max(attempt_id) from settled
where outcome = 'acknowledged' and remote_id is not null group by account_id, contact_id
union
select max(attempt_id) from settled
where outcome = 'acknowledged' and remote_id is not null group by account_id, remote_id
union
select unnest([attempt_id, because_of]) from (
    select * from engine.doubt_at($kept_from)
    qualify attempt_id = max(attempt_id) over (partition by account_id, contact_id)
);

delete from settled using still_said where settled.attempt_id = still_said.attempt_id;

delete from engine.attempt using settled where attempt.attempt_id = settled.attempt_id;
delete from engine.attempt_value using settled where attempt_value.attempt_id = settled.attempt_id;
delete from engine.outcome using settled where outcome.attempt_id = settled.attempt_id;

delete from engine.batch
where state in ('over', 'lost') and submitted_at < $kept_from
    and batch_id not in (select batch_id from engine.attempt where batch_id is not null);

delete from engine.retention;
insert into engine.retention values ($kept_from);
