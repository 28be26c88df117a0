-- Write the snapshot of one property and window into its history.
-- Input: difference(contact_id, old_value, new_value) between history on [as_of, next_as_of) and the snapshot.
-- Only contacts that differ are touched: their rows that overlap or touch the span are cut and joined again.
create or replace temp table touched as
select history.contact_id, history.value, history.valid_from, history.valid_to
from engine.history
join difference on difference.contact_id = history.contact_id
where history.property_id = $property_id and history.valid_to >= $as_of and history.valid_from <= $next_as_of;

delete from engine.present
using touched
where present.contact_id = touched.contact_id and present.property_id = $property_id
    and touched.valid_to = timestamp '9999-12-31';

delete from engine.past
using touched
where past.contact_id = touched.contact_id and past.valid_from = touched.valid_from
    and past.property_id = $property_id and past.valid_to >= $as_of and past.valid_from <= $next_as_of;

create or replace temp table written as
with pieces as (
    select contact_id, value, valid_from, least(valid_to, $as_of) as valid_to
    from touched where valid_from < $as_of
    union all
    select contact_id, value, greatest(valid_from, $next_as_of), valid_to
    from touched where valid_to > $next_as_of
    union all
    select contact_id, new_value, $as_of, $next_as_of
    from difference where new_value is not null
),
marked as (
    select *,
        case when
            value is not distinct from lag(value) over following
            and valid_from is not distinct from lag(valid_to) over following
        then 0 else 1 end as begins
    from pieces
    window following as (partition by contact_id order by valid_from)
),
runs as (
    select *, sum(begins) over (partition by contact_id order by valid_from) as run from marked
)
select contact_id, any_value(value) as value, min(valid_from) as valid_from, max(valid_to) as valid_to
from runs
group by contact_id, run;

insert into engine.present
select $property_id, contact_id, value, valid_from from written
where valid_to = timestamp '9999-12-31' order by valid_from, contact_id;

-- Equal moments side by side take next to no space.
insert into engine.past
select $property_id, contact_id, value, valid_from, valid_to from written
where valid_to < timestamp '9999-12-31' order by valid_to, valid_from, contact_id;
