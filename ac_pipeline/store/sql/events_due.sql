-- Where every event that is not over stands, and which may be told now: in `due_event`, contact by contact, each in the
-- order in which it happened. Contacts come in the order of their oldest event. Nothing is dropped before contacts were told: who
-- is no contact yet may become one in the same run.

-- Rows that have an address only: of whom it is, or of a contact of the account that has it.
update engine.event set contact_id = owner.contact_id
from (
    select email, min(contact_id) as contact_id from (
        select desired.value as email, desired.contact_id
        from engine.desired join engine.property on property.property_id = desired.property_id
        where property.key = 'email'
        union all
        select email, contact_id from engine.remote_contact where account_id = $account_id
    ) group by email
) as owner
where event.contact_id is null and event.settled_at is null and event.email = owner.email;

create or replace temp table standing as
with known as (select contact_id, remote_id, email from engine.remote_contact where account_id = $account_id),
-- Created, maybe: by a request without an answer, or by an import that said no id yet.
maybe as (
    select distinct contact_id from engine.ledger where account_id = $account_id and state in ('acknowledged', 'unknown')
),
importing as (
    select distinct attempt.contact_id
    from engine.batch join engine.attempt on attempt.batch_id = batch.batch_id
    where batch.state = 'queued' and batch.account_id = $account_id
),
doubtful as (
    select distinct contact_id from engine.event where state = 'unknown' and settled_at is null
)
select
    event.event_id, event.contact_id, known.remote_id, known.email, event.occurred_at,
    case
        when event.state = 'unknown' then 'unknown'
        when not stream.declared then 'waiting'
        when $drops and known.contact_id is null and maybe.contact_id is null and stream.unknown_contacts = 'drop'
        then 'dropped'
        when $drops and known.contact_id is null and stream.wait_seconds >= 0
            and event.taken_at + to_seconds(stream.wait_seconds) <= $now then 'dropped'
        when known.contact_id is null or importing.contact_id is not null or doubtful.contact_id is not null
        then 'waiting'
        else 'pending'
    end as state,
    case
        when event.state = 'unknown' then event.reason
        when not stream.declared then 'retired'
        when known.contact_id is null then 'no_contact'
        when importing.contact_id is not null then 'in_batch'
        when doubtful.contact_id is not null then 'after_doubt'
        -- Why it was not sent before.
        when event.state = 'pending' then event.reason
    end as reason
from engine.event
join engine.stream on stream.stream_id = event.stream_id
left join known on known.contact_id = event.contact_id
left join maybe on maybe.contact_id = event.contact_id
left join importing on importing.contact_id = event.contact_id
left join doubtful on doubtful.contact_id = event.contact_id
where event.settled_at is null;

update engine.event
set state = standing.state, reason = standing.reason, settled_at = if(standing.state = 'dropped', $now, null)
from standing
where event.event_id = standing.event_id
    and (event.state <> standing.state or event.reason is distinct from standing.reason);

create or replace temp table due_event as
with placed as (
    select standing.*, min(occurred_at) over (partition by contact_id) as first_at from standing where state = 'pending'
)
select
    dense_rank() over (order by placed.first_at, placed.contact_id) as position,
    row_number() over (partition by placed.contact_id order by event.occurred_at, event.event_id) as step,
    placed.contact_id, placed.remote_id, placed.email, event.event_id, event.stream_id, event.route, event.name,
    event.value, event.referrer, coalesce(tried.attempts, 0) as attempts
from placed
join engine.event on event.event_id = placed.event_id
left join (select event_id, count(*) as attempts from engine.event_attempt group by event_id) as tried
    on tried.event_id = placed.event_id;
