-- Members of two audiences at once, now, both ways round; an audience with itself is its size. Contacts are first
-- counted by the set of audiences they are in: there are few sets, however many contacts there are.
with member as (
    select history.contact_id, audience.key
    from engine.history
    join engine.property as audience on audience.property_id = history.property_id and audience.kind = 'audience'
    where history.valid_to = timestamp '9999-12-31' and audience.declared
),
sets as (
    select keys, count(*) as contacts
    from (select list(key order by key) as keys from member group by contact_id) group by keys
)
select one, other, sum(contacts)::bigint as contacts
from (select one, unnest(keys) as other, contacts from (select unnest(keys) as one, keys, contacts from sets))
group by one, other order by one, other
