-- Contacts of a snapshot, and how many entered, exited or changed value since the computed window before.
with starts as (
    select contact_id from engine.history where property_id = $property_id and valid_from = $as_of
),
ends as (
    select contact_id from engine.history where property_id = $property_id and valid_to = $as_of
),
moved as (
    select
        count(*) filter (where ends.contact_id is null) as entered,
        count(*) filter (where starts.contact_id is null) as exited,
        count(*) filter (where starts.contact_id is not null and ends.contact_id is not null) as changed
    from starts full outer join ends on starts.contact_id = ends.contact_id
)
select snapshot.contacts, moved.entered, moved.exited, moved.changed
from engine.snapshot cross join moved
where snapshot.property_id = $property_id and snapshot.as_of = $as_of
