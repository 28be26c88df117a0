-- Requests of the outbox that are no bulk imports, one row per contact, step and endpoint: how many are reckoned with,
-- and between which numbers they can lie (`most` is null where only the account knows). `round` 1 is what the outbox
-- has; 2 is what bulk imports leave of their contacts for single calls afterwards.
create or replace temp table planned_call as
with single as (
    select position, contact_id, route, payload from engine.outbox where route <> 'bulk'
),
untag as (
    select
        1 as round, position, contact_id, json_exists(payload, '$.keep') as resets,
        coalesce(json_array_length(payload, '$.remove'), 0)::bigint as removals
    from single where route = 'untag'
    union all
    select
        2, any_value(outbox.position), said.contact_id, bool_or(said.key = 'tags_reset'),
        count(*) filter (where said.kind = 'tag')
    from value_route as said
    join by_bulk on by_bulk.contact_id = said.contact_id
    join engine.outbox on outbox.contact_id = said.contact_id and outbox.route = 'bulk'
    where said.key = 'tags_reset' or said.kind = 'tag' and said.value = 'false'
    group by said.contact_id
),
subscription as (
    select
        1 as round, position, contact_id, json_extract_string(payload, '$.status') = 'active' as active,
        json_extract_string(payload, '$.resubscribe') = 'true' as resubscribe
    from single where route = 'list'
    union all
    select 2, outbox.position, said.contact_id, true, pending.resubscribe
    from value_route as said
    join by_bulk on by_bulk.contact_id = said.contact_id
    join engine.outbox on outbox.contact_id = said.contact_id and outbox.route = 'bulk'
    join pending on pending.contact_id = said.contact_id and pending.property_id = said.property_id
    where said.kind = 'list' and not said.in_bulk
),
field as (
    select 1 as round, position, contact_id, route from single where route in ('sync', 'update')
    union all
    select distinct 2, outbox.position, said.contact_id, contact.route
    from value_route as said
    join by_bulk on by_bulk.contact_id = said.contact_id
    join engine.outbox on outbox.contact_id = said.contact_id and outbox.route = 'bulk'
    join judged_contact as contact on contact.contact_id = said.contact_id
    where not said.in_bulk and said.kind not in ('tag', 'list') and said.key <> 'tags_reset'
)
select
    round, position, contact_id, if(route = 'sync', 'POST /contact/sync', 'PUT /contacts/{id}') as endpoint,
    1 as expected, 1 as least, 1 as most
from field
union all
select round, position, contact_id, 'GET /contacts/{id}/contactTags', 1, 1, 1 from untag where resets or removals > 0
union all
-- Somebody else may have taken a tag off already; which tags a reset finds, only the account knows.
select round, position, contact_id, 'DELETE /contactTags/{id}', removals, 0, if(resets, null, removals)
from untag where resets or removals > 0
union all
select 1, position, contact_id, 'POST /contactTags', 1, 1, 1 from single where route = 'tag'
union all
select round, position, contact_id, 'GET /contacts/{id}/contactLists', 1, 1, 1
from subscription where active and not resubscribe
union all
-- Who is subscribed already, or opted out, is only looked at.
select round, position, contact_id, 'POST /contactLists', 1, if(active and not resubscribe, 0, 1), 1 from subscription;
