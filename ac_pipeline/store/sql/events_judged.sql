-- Which rows of a stream are new events, and what is wrong with the others. Input: event_row; one row for each id.
with inside as (
    -- What a query brings of another time than it was asked for is not taken in; without a moment it is a fault.
    select *, length(name) > $most_name as long_name, not $visit and length(value) > $most_value as long_value
    from event_row
    where cursor_at is null or cursor_at > $floor and cursor_at <= $as_of
),
checked as (
    select *, case
        when user_id is null and email is null then 'missing_user'
        when user_id is null and not regexp_full_match(email, $pattern) then 'invalid_email'
        when occurred_at is null or cursor_at is null then 'missing_moment'
        when name is null then 'missing_event'
        when starts_with(name, $own) and not $visit then 'reserved_event_name'
        when regexp_matches(replace(name, ' ', ''), '[\pC\pZ]') then 'invalid_event'
        when $visit and not coalesce(regexp_matches(value, '^https?://[^\s/]'), false) then 'invalid_url'
        when value_fault is not null then value_fault
        when long_name and not $shorten then 'event_name_too_long'
        when long_value and not $shorten then 'value_too_long'
    end as fault
    from inside
)
select
    source_id, user_id, if(user_id is null, email, null) as email, occurred_at, cursor_at,
    left(name, $most_name) as name,
    -- What cannot be told is not kept either.
    case when fault is null then if($visit, value, left(value, $most_value)) end as value,
    case when fault is null then referrer end as referrer,
    fault
from checked
where not exists (select 1 from engine.event where event.stream_id = $stream and event.source_id = checked.source_id)
qualify row_number() over (
    partition by source_id order by fault is not null, occurred_at, user_id, email, name, value, referrer
) = 1
