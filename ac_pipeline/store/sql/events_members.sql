-- Who entered and left since it was told last: what an audience's newest approved result says against what was said
-- last, whatever happened in between. Nobody who left is enrolled, and who left and came back before anything was sent
-- is told nothing. Of retired audiences, and of those without an approved result, nothing is told.
create or replace temp table speaking as
select stream.stream_id, stream.kind, stream.key, stream.property_id, approved.as_of
from engine.stream
join (select property_id, max(as_of) as as_of from engine.approval group by property_id) as approved
    on approved.property_id = stream.property_id
where stream.declared and stream.kind in ('audience', 'automation');

-- Enrolments begin with those who enter after the automation was declared, unless it says otherwise.
insert into engine.said_member
select speaking.stream_id, desired.contact_id
from speaking
join engine.stream on stream.stream_id = speaking.stream_id and stream.begun_at is null
join engine.desired on desired.property_id = speaking.property_id
where speaking.kind = 'automation' and not list_contains($with_existing, speaking.key);

update engine.stream set begun_at = $now
from speaking where stream.stream_id = speaking.stream_id and stream.begun_at is null;

create or replace temp table moved_member as
with member as (
    select speaking.stream_id, desired.contact_id
    from speaking join engine.desired on desired.property_id = speaking.property_id
),
said as (
    select said_member.stream_id, said_member.contact_id
    from engine.said_member join speaking on speaking.stream_id = said_member.stream_id
)
select
    coalesce(member.stream_id, said.stream_id) as stream_id, coalesce(member.contact_id, said.contact_id) as contact_id,
    said.contact_id is null as enters
from member full outer join said on said.stream_id = member.stream_id and said.contact_id = member.contact_id
where member.contact_id is null or said.contact_id is null;

delete from engine.said_member using moved_member as moved
where said_member.stream_id = moved.stream_id and said_member.contact_id = moved.contact_id and not moved.enters;

insert into engine.said_member select stream_id, contact_id from moved_member where enters order by contact_id;

-- What was to say the opposite last, and was not sent, has nothing to say any more.
create or replace temp table overtaken as
select event.event_id, event.stream_id, event.contact_id
from engine.event
join moved_member as moved on moved.stream_id = event.stream_id and moved.contact_id = event.contact_id
where event.settled_at is null
qualify row_number() over (partition by event.stream_id, event.contact_id order by event.event_id desc) = 1
    and event.state in ('pending', 'waiting');

update engine.event set state = 'dropped', reason = 'overtaken', settled_at = $now
from overtaken where event.event_id = overtaken.event_id;

insert into engine.event
select number, stream_id, cast(number as varchar), route, name, value, null, contact_id, null, as_of, null, $now,
    'pending', null, null
from (
    select nextval('engine.event_ids') as number, fresh.* from (
        select
            moved.stream_id, if(speaking.kind = 'audience', 'event', 'enrol') as route,
            case when speaking.kind = 'automation' then automation.name when moved.enters then $entered else $exited end
                as name,
            if(speaking.kind = 'audience', speaking.key, null) as value, moved.contact_id, speaking.as_of
        from moved_member as moved
        join speaking on speaking.stream_id = moved.stream_id
        left join (select unnest($keys::varchar[]) as key, unnest($automations::varchar[]) as name) as automation
            on automation.key = speaking.key
        left join overtaken on overtaken.stream_id = moved.stream_id and overtaken.contact_id = moved.contact_id
        where overtaken.event_id is null and (moved.enters or speaking.kind = 'audience')
        order by moved.stream_id, moved.contact_id
    ) as fresh
);

-- An enrolment that turned out not to have taken place is not made up for when the member has left meanwhile.
update engine.event set state = 'dropped', reason = 'overtaken', settled_at = $now
where route = 'enrol' and state in ('pending', 'waiting') and settled_at is null
    and not exists (
        select 1 from engine.said_member
        where said_member.stream_id = event.stream_id and said_member.contact_id = event.contact_id
    );
