-- The plan's contacts from one id up to another, step by step: a part at a time, so that memory stays flat.
-- Fields come first, because tags and lists start automations.
create or replace temp table part_contact as
select * from sent_contact where contact_id >= $first and contact_id < $next;

-- Nothing is sorted here: what is pending lies in order, contact by contact, and so it is written. Delivery reads it that
-- way, a few contacts at a time, and skips what lies elsewhere.
insert into engine.outbox_value
with sendable as not materialized (
    select way.contact_id, way.property_id, way.value, way.is_tag, way.is_list, way.is_reset, contact.by_bulk
    from way
    join part_contact as contact on contact.contact_id = way.contact_id
    where way.contact_id >= $first and way.contact_id < $next and (way.in_bulk or not contact.by_bulk)
)
-- Most values are fields, and only the others have to be numbered.
select contact_id, if(not by_bulk and (is_reset or is_tag), 1, 0) as step, property_id, value
from sendable where by_bulk or not (is_tag or is_list) or is_tag and value = 'false'
union all
select
    contact_id, 1 + row_number() over (partition by contact_id order by is_tag desc, property_id) as step,
    property_id, value
from sendable where not by_bulk and (is_list or is_tag and value <> 'false');

insert into engine.outbox
with part_value as not materialized (
    select * from engine.outbox_value where contact_id >= $first and contact_id < $next
),
part as (
    select
        property.property_id, property.kind, property.name, catalog.remote_id,
        property.key = 'first_name' as is_first_name, property.key = 'last_name' as is_last_name,
        property.key = 'phone' as is_phone,
        property.kind in ('contacts', 'audience', 'trait') and catalog.remote_id is not null as is_field,
        '"id":' || catalog.remote_id || ',"value":' as bulk,
        '"field":"' || catalog.remote_id || '","value":' as single
    from engine.property
    left join engine.catalog on catalog.property_id = property.property_id and catalog.account_id = $account_id
),
-- All fields of a contact in one pass over its values, as single calls or imports name them. They are not sorted, which
-- would take longer than all the rest: their order means nothing to the service, and the revision does not depend on it.
content as (
    select
        said.contact_id,
        bit_xor(hash(said.property_id, said.value)) as revision,
        any_value(to_json(said.value)::varchar) filter (where part.is_first_name) as first_name,
        any_value(to_json(said.value)::varchar) filter (where part.is_last_name) as last_name,
        any_value(to_json(said.value)::varchar) filter (where part.is_phone) as phone,
        string_agg(if(contact.by_bulk, part.bulk, part.single) || to_json(said.value)::varchar, '},{')
            filter (where part.is_field) as fields
    from part_value as said
    join part on part.property_id = said.property_id
    join part_contact as contact on contact.contact_id = said.contact_id
    where said.step = 0
    group by said.contact_id
),
identify as (
    select
        contact.* exclude (route), 0 as step, content.revision, contact.route,
        '{"contact":{' || concat_ws(
            ',',
            -- An address that somebody changed over there is theirs, until ours changes.
            if(contact.says_email, '"email":' || to_json(contact.email)::varchar, null),
            '"firstName":' || content.first_name, '"lastName":' || content.last_name, '"phone":' || content.phone,
            '"fieldValues":[{' || content.fields || '}]'
        ) || '}}' as payload
    from part_contact as contact
    left join content on content.contact_id = contact.contact_id
    where not contact.by_bulk and (contact.remote_id is null or content.contact_id is not null)
),
bulk_name as (
    select
        said.contact_id,
        to_json(list(part.name order by said.property_id) filter (where part.kind = 'tag'))::varchar as tags,
        to_json(list({'listid': part.remote_id::bigint} order by said.property_id)
            filter (where part.kind = 'list' and said.value = 'active'))::varchar as subscribe,
        to_json(list({'listid': part.remote_id::bigint} order by said.property_id)
            filter (where part.kind = 'list' and said.value = 'unsubscribed'))::varchar as unsubscribe
    from part_value as said
    join part_contact as contact on contact.contact_id = said.contact_id and contact.by_bulk
    join part on part.property_id = said.property_id and part.kind in ('tag', 'list')
    group by said.contact_id
),
bulk as (
    select
        contact.* exclude (route), 0 as step, content.revision, 'bulk' as route,
        concat(
            '{"email":', to_json(contact.email)::varchar,
            ',"first_name":' || content.first_name, ',"last_name":' || content.last_name, ',"phone":' || content.phone,
            ',"fields":[{' || content.fields || '}]',
            ',"tags":' || bulk_name.tags, ',"subscribe":' || bulk_name.subscribe,
            ',"unsubscribe":' || bulk_name.unsubscribe, '}'
        ) as payload
    from part_contact as contact
    join content on content.contact_id = contact.contact_id
    left join bulk_name on bulk_name.contact_id = contact.contact_id
    where contact.by_bulk
),
-- A reset keeps the tags the contact should have and takes every other off.
wanted_tag as (
    select said.contact_id, list(catalog.remote_id order by said.property_id) as keep
    from said
    join engine.property on property.property_id = said.property_id and property.kind = 'tag'
    join engine.catalog on catalog.property_id = said.property_id and catalog.account_id = $account_id
    where said.contact_id in (
        select contact_id from part_value join engine.property using (property_id) where key = 'tags_reset'
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
    from part_value as said
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
    from part_value as said
    join engine.property on property.property_id = said.property_id
    join pending_value as pending
        on pending.contact_id = said.contact_id and pending.property_id = said.property_id
        and pending.contact_id >= $first and pending.contact_id < $next
    left join engine.catalog on catalog.property_id = said.property_id and catalog.account_id = $account_id
    where said.step > 1
),
steps as (
    select * from identify
    union all
    select * from bulk
    union all
    select contact.* exclude (route), single.step, hash(single.payload) as revision, single.route, single.payload
    from (select * from untag union all select * from named) as single
    join part_contact as contact on contact.contact_id = single.contact_id
)
select
    position, contact_id, step, to_hex(coalesce(revision, 0)), route, reason, remote_id, must_exist, email,
    coalesce(payload, '')
from steps
-- In the order in which delivery reads it.
order by position, step;
