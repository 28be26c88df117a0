-- The tags and lists that declarations give one contact (what reconcile.sql finds of everybody).
select target.property_id, target.key, target.name, if(target.kind = 'tag', 'true', 'active') as value
from engine.source
join engine.property as speaker
    on speaker.property_id = source.source_id and speaker.kind = 'audience' and speaker.declared
join engine.property as target on target.property_id = source.property_id
join engine.desired on desired.property_id = source.source_id and desired.contact_id = $contact
union
select target.property_id, target.key, target.name, 'true'
from (
    select unnest(from_json(value, '["VARCHAR"]')) as name
    from engine.desired join engine.property using (property_id)
    where property.key = 'tags' and desired.contact_id = $contact
) as tagged
join engine.property as target on target.key = 'tag:' || lower(tagged.name)
union
select target.property_id, target.key, target.name, listed.entry.value
from (
    select unnest(map_entries(cast(cast(value as json) as map(varchar, varchar)))) as entry
    from engine.desired join engine.property using (property_id)
    where property.key = 'lists' and desired.contact_id = $contact
) as listed
join engine.property as target on target.key = 'list:' || listed.entry.key
