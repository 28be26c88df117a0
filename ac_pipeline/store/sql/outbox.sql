-- The plan's contacts from one id up to another, step by step: a part at a time, so that memory stays flat.
-- Fields come first, because tags and lists start automations.
insert into engine.outbox_value
with sendable as (
    select route.contact_id, route.property_id, route.kind, route.key, route.value,
        by_bulk.contact_id is not null as in_one
    from value_route as route
    left join by_bulk on by_bulk.contact_id = route.contact_id
    where (by_bulk.contact_id is null or route.in_bulk)
        and route.contact_id >= $first and route.contact_id < $next
)
-- Most values are fields, and only the others have to be numbered. All are in order, because delivery reads them by
-- contact, a few at a time, and skips what lies elsewhere.
select contact_id, if(not in_one and (key = 'tags_reset' or kind = 'tag'), 1, 0) as step, property_id, value
from sendable where in_one or kind not in ('tag', 'list') or (kind = 'tag' and value = 'false')
union all
select
    contact_id, 1 + row_number() over (partition by contact_id order by kind desc, property_id) as step,
    property_id, value
from sendable where not in_one and (kind = 'list' or (kind = 'tag' and value <> 'false'))
order by contact_id, step, property_id;

insert into engine.outbox
with value_of_part as (
    select * from engine.outbox_value where contact_id >= $first and contact_id < $next
),
part as (
    select property.property_id, property.kind, property.key, property.name, catalog.remote_id
    from engine.property
    left join engine.catalog on catalog.property_id = property.property_id and catalog.account_id = $account_id
),
-- All fields of a contact in one pass over its values. Between an id and its value stands a character that JSON text
-- never has, and another one between two fields: single calls and imports put different words there.
content as (
    select
        said.contact_id,
        any_value(to_json(said.value)::varchar) filter (where part.key = 'first_name') as first_name,
        any_value(to_json(said.value)::varchar) filter (where part.key = 'last_name') as last_name,
        any_value(to_json(said.value)::varchar) filter (where part.key = 'phone') as phone,
        string_agg(part.remote_id || chr(30) || to_json(said.value)::varchar, chr(31) order by said.property_id)
            filter (where part.kind in ('contacts', 'audience', 'trait') and part.remote_id is not null) as fields
    from value_of_part as said
    join part on part.property_id = said.property_id
    where said.step = 0
    group by said.contact_id
),
identify as (
    select
        contact.contact_id, 0 as step, contact.route,
        '{"contact":{' || concat_ws(
            ',',
            -- An address that somebody changed over there is theirs, until ours changes.
            if(contact.remote_id is null or contact.renames, '"email":' || to_json(contact.email)::varchar, null),
            '"firstName":' || content.first_name, '"lastName":' || content.last_name, '"phone":' || content.phone,
            '"fieldValues":[{"field":"'
            || replace(replace(content.fields, chr(30), '","value":'), chr(31), '},{"field":"') || '}]'
        ) || '}}' as payload
    from judged_contact as contact
    left join content on content.contact_id = contact.contact_id
    where contact.contact_id >= $first and contact.contact_id < $next and contact.withheld is null and contact.contact_id not in (select contact_id from by_bulk)
        and (contact.remote_id is null or content.contact_id is not null)
),
bulk_name as (
    select
        said.contact_id,
        to_json(list(part.name order by said.property_id) filter (where part.kind = 'tag'))::varchar as tags,
        to_json(list({'listid': part.remote_id::bigint} order by said.property_id)
            filter (where part.kind = 'list' and said.value = 'active'))::varchar as subscribe,
        to_json(list({'listid': part.remote_id::bigint} order by said.property_id)
            filter (where part.kind = 'list' and said.value = 'unsubscribed'))::varchar as unsubscribe
    from value_of_part as said
    join by_bulk on by_bulk.contact_id = said.contact_id
    join part on part.property_id = said.property_id and part.kind in ('tag', 'list')
    group by said.contact_id
),
bulk as (
    select
        contact.contact_id, 0 as step, 'bulk' as route,
        concat(
            '{"email":', to_json(contact.email)::varchar,
            ',"first_name":' || content.first_name, ',"last_name":' || content.last_name, ',"phone":' || content.phone,
            ',"fields":[{"id":'
            || replace(replace(content.fields, chr(30), ',"value":'), chr(31), '},{"id":') || '}]',
            ',"tags":' || bulk_name.tags, ',"subscribe":' || bulk_name.subscribe,
            ',"unsubscribe":' || bulk_name.unsubscribe, '}'
        ) as payload
    from by_bulk
    join judged_contact as contact on contact.contact_id = by_bulk.contact_id
    join content on content.contact_id = by_bulk.contact_id
    left join bulk_name on bulk_name.contact_id = by_bulk.contact_id
),
-- A reset keeps the tags the contact should have and takes every other off.
wanted_tag as (
    select said.contact_id, list(catalog.remote_id order by said.property_id) as keep
    from said
    join engine.property on property.property_id = said.property_id and property.kind = 'tag'
    join engine.catalog on catalog.property_id = said.property_id and catalog.account_id = $account_id
    where said.contact_id in (
        select contact_id from value_of_part join engine.property using (property_id) where key = 'tags_reset'
    )
    group by said.contact_id
),
untag as (
    select
        said.contact_id, 1 as step, 'untag' as route,
        case when bool_or(property.key = 'tags_reset')
        then json_object('keep', coalesce(any_value(wanted_tag.keep), []))
        else json_object('remove', coalesce(list(catalog.remote_id) filter (where catalog.remote_id is not null), []))
        end::varchar as payload
    from value_of_part as said
    join engine.property on property.property_id = said.property_id
    left join engine.catalog on catalog.property_id = said.property_id and catalog.account_id = $account_id
    left join wanted_tag on wanted_tag.contact_id = said.contact_id
    where said.step = 1
    group by said.contact_id
),
named as (
    select
        said.contact_id, said.step, property.kind as route,
        case when property.kind = 'tag' then catalog.remote_id
        else json_object('list', catalog.remote_id, 'status', said.value, 'resubscribe', pending.resubscribe)::varchar
        end as payload
    from value_of_part as said
    join engine.property on property.property_id = said.property_id
    join pending on pending.contact_id = said.contact_id and pending.property_id = said.property_id
    left join engine.catalog on catalog.property_id = said.property_id and catalog.account_id = $account_id
    where said.step > 1
),
steps as (
    select * from identify union all select * from bulk union all select * from untag union all select * from named
)
select
    ranked.position, contact.contact_id, steps.step,
    md5(coalesce(steps.payload, '')), steps.route, contact.reason, contact.remote_id, contact.must_exist,
    contact.email, coalesce(steps.payload, '')
from steps
join judged_contact as contact on contact.contact_id = steps.contact_id
join ranked on ranked.contact_id = steps.contact_id
-- In the order in which delivery reads it.
order by ranked.position, steps.step;
