-- What happened to one contact, oldest first. Runs on a copy that holds this contact alone.
-- Values of the contacts' own columns are personal and stay out.
with shown as (
    select property_id, key, kind, if(kind = 'contacts', null, true) as open from engine.property
),
moved as (
    select property_id, valid_from as moment, value, 'began' as what from engine.history
    union all
    select property_id, valid_to, null, 'ended'
    from engine.history
    where valid_to < timestamp '9999-12-31'
    qualify lead(valid_from) over (partition by property_id order by valid_from) is distinct from valid_to
),
approved as (
    select moved.property_id, moved.moment, min(approval.as_of) as as_of
    from moved join engine.approval on approval.property_id = moved.property_id and approval.as_of >= moved.moment
    group by all
),
said as (
    select value.attempt_id,
        list(shown.key order by shown.key) as keys,
        string_agg(shown.key || coalesce(' = ' || if(shown.open, value.value, null), ''), ', ' order by shown.key) as text
    from engine.attempt_value as value join shown on shown.property_id = value.property_id
    group by value.attempt_id
)
select moved.moment as moment, 'snapshot' as what, [shown.key] as keys, null::varchar as head, null::varchar as mark,
    case
        when shown.kind = 'audience' then if(moved.what = 'began', 'entered', 'exited')
        when moved.what = 'ended' then if(shown.kind = 'contacts', 'is gone from the contacts', 'has no value any more')
        when shown.open then 'value ' || moved.value
        else 'in the contacts'
    end
    || case
        when snapshot.computed_at is null then ''
        else ' (computed ' || strftime(snapshot.computed_at, '%Y-%m-%d %H:%M:%S')
        || case
            when approved.as_of is null then '; history only'
            when approved.as_of = moved.moment then '; approved'
            else '; approved with the window of ' || strftime(approved.as_of, '%Y-%m-%d %H:%M')
        end || ')'
    end as text,
    snapshot.run_id, null::bigint as attempt_id, 1 as turn
from moved
join shown on shown.property_id = moved.property_id
left join engine.snapshot on snapshot.property_id = moved.property_id and snapshot.as_of = moved.moment
left join approved on approved.property_id = moved.property_id and approved.moment = moved.moment
union all
select problem.as_of, 'source', [problem.key], null, null, problem.kind, null, null, 0
from engine.problem
union all
select held.held_at, 'held', [shown.key], null, null, 'the guard held the window of '
    || strftime(held.as_of, '%Y-%m-%d %H:%M') || ': ' || held.reason, null, null, 2
from engine.held join shown on shown.property_id = held.property_id
union all
select held.released_at, 'released', [shown.key], null, null, 'the window of ' || strftime(held.as_of, '%Y-%m-%d %H:%M')
    || ' was released, or a newer result took its place', null, null, 2
from engine.held join shown on shown.property_id = held.property_id
where held.released_at is not null
union all
select attempt.attempted_at, 'attempt', said.keys,
    attempt.route, batch.remote_id, said.text, attempt.run_id, attempt.attempt_id, 3
from engine.attempt
left join said on said.attempt_id = attempt.attempt_id
left join engine.batch on batch.batch_id = attempt.batch_id
union all
select outcome.answered_at, 'answer', said.keys,
    outcome.outcome, outcome.status::varchar, outcome.reason, attempt.run_id, attempt.attempt_id, 4
from engine.attempt
join engine.outcome on outcome.attempt_id = attempt.attempt_id
left join said on said.attempt_id = attempt.attempt_id
union all
select opt_out.found_at, 'opt-out', [shown.key], null, null, opt_out.reason, null, null, 5
from engine.opt_out join shown on shown.property_id = opt_out.property_id
union all
select conflict.noted_at, 'conflict', [], null, null,
    'the new address belonged to contact ' || conflict.kept_remote_id || ', which is this user now; contact '
    || conflict.left_remote_id || ' was left behind', null, null, 5
from engine.conflict
union all
-- What is sent with an event, and which page was seen, is personal.
select coalesce(event.occurred_at, event.taken_at), 'event', [stream.key], event.state, event.reason,
    if(event.route = 'visit', 'page visit', event.name), null, null, 6
from engine.event
join engine.stream on stream.stream_id = event.stream_id
order by moment, turn, attempt_id
