-- The plan's contacts, step by step. Fields come first, because tags and lists start automations.
delete from engine.outbox;
delete from engine.outbox_value;
delete from engine.withheld;

insert into engine.withheld
select contact_id, withheld from judged_contact where withheld is not null;

insert into engine.outbox_value
with sendable as (
    select route.contact_id, route.property_id, route.kind, route.key, route.value,
        by_bulk.contact_id is not null as in_one
    from value_route as route
    left join by_bulk on by_bulk.contact_id = route.contact_id
    where by_bulk.contact_id is null or route.in_bulk
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
with standard as (
    select
        said.contact_id,
        json_group_object(
            case property.key when 'first_name' then 'firstName' when 'last_name' then 'lastName' else property.key end,
            said.value
        ) as fields
    from engine.outbox_value as said
    join engine.property on property.property_id = said.property_id
    where property.key in ('first_name', 'last_name', 'phone')
    group by said.contact_id
),
custom as (
    select
        said.contact_id,
        json_object(
            'fieldValues', to_json(list({'field': field.remote_id, 'value': said.value} order by said.property_id))
        ) as fields
    from engine.outbox_value as said
    join engine.catalog as field on field.property_id = said.property_id and field.account_id = $account_id
    where said.step = 0
    group by said.contact_id
),
identify as (
    select
        contact.contact_id, 0 as step, contact.route,
        json_object(
            'contact',
            json_merge_patch(
                json_object('email', contact.email), coalesce(standard.fields, '{}'), coalesce(custom.fields, '{}')
            )
        )::varchar as payload
    from judged_contact as contact
    left join standard on standard.contact_id = contact.contact_id
    left join custom on custom.contact_id = contact.contact_id
    where contact.withheld is null and contact.contact_id not in (select contact_id from by_bulk)
        and (contact.remote_id is null or contact.contact_id in (select contact_id from engine.outbox_value where step = 0))
),
bulk_part as (
    select
        said.contact_id,
        list({'id': field.remote_id::bigint, 'value': said.value} order by said.property_id)
            filter (where property.kind in ('contacts', 'audience', 'trait') and field.remote_id is not null) as fields,
        list(property.name order by said.property_id) filter (where property.kind = 'tag') as tags,
        list({'listid': field.remote_id::bigint} order by said.property_id)
            filter (where property.kind = 'list' and said.value = 'active') as subscribe,
        list({'listid': field.remote_id::bigint} order by said.property_id)
            filter (where property.kind = 'list' and said.value = 'unsubscribed') as unsubscribe
    from engine.outbox_value as said
    join by_bulk on by_bulk.contact_id = said.contact_id
    join engine.property on property.property_id = said.property_id
    left join engine.catalog as field on field.property_id = said.property_id and field.account_id = $account_id
    group by said.contact_id
),
bulk_name as (
    select
        said.contact_id,
        any_value(said.value) filter (where property.key = 'first_name') as first_name,
        any_value(said.value) filter (where property.key = 'last_name') as last_name,
        any_value(said.value) filter (where property.key = 'phone') as phone
    from engine.outbox_value as said
    join by_bulk on by_bulk.contact_id = said.contact_id
    join engine.property on property.property_id = said.property_id
    group by said.contact_id
),
-- What is absent is left alone over there; json_merge_patch drops what is null.
bulk as (
    select
        contact.contact_id, 0 as step, 'bulk' as route,
        json_merge_patch('{}', json_object(
            'email', contact.email, 'first_name', bulk_name.first_name, 'last_name', bulk_name.last_name,
            'phone', bulk_name.phone, 'tags', part.tags, 'fields', part.fields, 'subscribe', part.subscribe,
            'unsubscribe', part.unsubscribe
        ))::varchar as payload
    from bulk_part as part
    join judged_contact as contact on contact.contact_id = part.contact_id
    join bulk_name on bulk_name.contact_id = part.contact_id
),
-- A reset keeps the tags the contact should have and takes every other off.
wanted_tag as (
    select said.contact_id, list(catalog.remote_id order by said.property_id) as keep
    from said
    join engine.property on property.property_id = said.property_id and property.kind = 'tag'
    join engine.catalog on catalog.property_id = said.property_id and catalog.account_id = $account_id
    where said.contact_id in (
        select contact_id from engine.outbox_value join engine.property using (property_id) where key = 'tags_reset'
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
    from engine.outbox_value as said
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
    from engine.outbox_value as said
    join engine.property on property.property_id = said.property_id
    join pending on pending.contact_id = said.contact_id and pending.property_id = said.property_id
    left join engine.catalog on catalog.property_id = said.property_id and catalog.account_id = $account_id
    where said.step > 1
),
steps as (
    select * from identify union all select * from bulk union all select * from untag union all select * from named
)
select
    dense_rank() over (partition by steps.route = 'bulk' order by contact.urgency, contact.contact_id) as position,
    contact.contact_id, steps.step,
    md5(coalesce(steps.payload, '')), steps.route, contact.reason, contact.remote_id, contact.must_exist,
    contact.email, coalesce(steps.payload, '')
from steps join judged_contact as contact on contact.contact_id = steps.contact_id
-- In the order in which delivery reads it.
order by position, steps.step;
