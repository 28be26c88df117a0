-- The plan's contacts with their payloads: POST /contact/sync and PUT /contacts/{id} take the same body.
delete from engine.outbox;
delete from engine.outbox_value;
delete from engine.withheld;

insert into engine.withheld
select contact_id, withheld from judged_contact where withheld is not null;

insert into engine.outbox_value
select pending.contact_id, pending.property_id, pending.value
from pending
join judged_contact on judged_contact.contact_id = pending.contact_id
where judged_contact.withheld is null
order by pending.contact_id, pending.property_id;

insert into engine.outbox
with standard as (
    select
        outbox_value.contact_id,
        json_group_object(
            case property.key when 'first_name' then 'firstName' when 'last_name' then 'lastName' else property.key end,
            outbox_value.value
        ) as fields
    from engine.outbox_value
    join engine.property on property.property_id = outbox_value.property_id
    where property.kind = 'contacts' and property.key <> 'email'
    group by outbox_value.contact_id
),
custom as (
    select
        outbox_value.contact_id,
        json_object(
            'fieldValues',
            to_json(list({'field': field.field_id, 'value': outbox_value.value} order by outbox_value.property_id))
        ) as fields
    from engine.outbox_value
    join engine.catalog_field as field
        on field.property_id = outbox_value.property_id and field.account_id = $account_id
    group by outbox_value.contact_id
),
body as (
    select
        contact.contact_id, contact.route, contact.reason, contact.remote_id, contact.email, contact.urgency,
        json_object(
            'contact',
            json_merge_patch(
                json_object('email', contact.email), coalesce(standard.fields, '{}'), coalesce(custom.fields, '{}')
            )
        )::varchar as payload
    from judged_contact as contact
    left join standard on standard.contact_id = contact.contact_id
    left join custom on custom.contact_id = contact.contact_id
    where contact.withheld is null
)
select
    row_number() over (order by urgency, contact_id), contact_id, md5(payload), route, reason, remote_id,
    email, payload
from body;
