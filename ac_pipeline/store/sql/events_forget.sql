-- Forget events that were over before $before and whose rows are not read again.
create or replace temp table event_horizon as
select stream.stream_id, stream.kind,
    -- Readings begin an overlap before the newest row; nothing older than that is asked for.
    least($before, stream.cursor_at - to_seconds(coalesce(overlap.seconds, 0))) as horizon
from engine.stream
left join (select unnest($keys::varchar[]) as key, unnest($overlaps::bigint[]) as seconds) as overlap
    on overlap.key = stream.key and stream.kind = 'stream'
where stream.kind <> 'stream' or overlap.key is not null and stream.cursor_at is not null;

create or replace temp table forgotten_event as
select event.event_id, event.stream_id
from engine.event
join event_horizon on event_horizon.stream_id = event.stream_id
where event.settled_at < $before
    and (event_horizon.kind <> 'stream' or coalesce(event.cursor_at, event.taken_at) <= event_horizon.horizon);

update engine.stream set forgotten_at = greatest(coalesce(stream.forgotten_at, event_horizon.horizon), event_horizon.horizon)
from event_horizon
where stream.stream_id = event_horizon.stream_id and event_horizon.kind = 'stream'
    and stream.stream_id in (select stream_id from forgotten_event);

delete from engine.event using forgotten_event where event.event_id = forgotten_event.event_id;

create or replace temp table forgotten_attempt as
select attempt_id from engine.event_attempt join forgotten_event using (event_id);

delete from engine.event_outcome using forgotten_attempt where event_outcome.attempt_id = forgotten_attempt.attempt_id;
delete from engine.event_attempt using forgotten_attempt where event_attempt.attempt_id = forgotten_attempt.attempt_id;
