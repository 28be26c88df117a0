-- By which way each contact of the plan is told, by cost: a bulk import carries 250 contacts a request, but cannot
-- take tags off, erase a value, subscribe those again who left, or change an address. What it cannot say of a contact
-- is left for a single call in the pass after.
-- Nobody is subscribed by bulk import to a list whose opt-outs were not read in this run.
create temp table if not exists checked_list (property_id integer);

-- A view: of many values few are asked for, except once.
create or replace temp view value_route as
select
    pending.contact_id, pending.property_id, pending.kind, pending.key, pending.value,
    not pending.key = 'tags_reset'
    and case pending.kind
        when 'tag' then pending.value = 'true'
        when 'list' then pending.value = 'unsubscribed'
            or not pending.resubscribe and pending.property_id in (select property_id from checked_list)
        else pending.value <> ''
    end as in_bulk,
    -- Requests of a single call: a subscription is looked at first, taking tags off starts with reading them.
    case
        when pending.key = 'tags_reset' then 2
        when pending.kind = 'list' and pending.value = 'active' and not pending.resubscribe then 2
        when pending.kind in ('tag', 'list') then 1
        else 0
    end as requests
from pending
join judged_contact on judged_contact.contact_id = pending.contact_id and judged_contact.withheld is null;

create or replace temp table by_bulk as
with cost as (
    select
        contact_id,
        sum(requests) filter (where in_bulk)
        + bool_or(in_bulk and kind not in ('tag', 'list'))::integer
        - bool_or(not in_bulk and kind not in ('tag', 'list') and key <> 'tags_reset')::integer as saved,
        sum(strlen(value)) as bytes
    from value_route group by contact_id
),
candidate as (
    select cost.contact_id, contact.reason = 'resend' as resent
    from cost join judged_contact as contact on contact.contact_id = cost.contact_id
    where cost.saved > 0 and cost.bytes < 60000 and not contact.renames and regexp_full_match(contact.email, $importable)
        -- A row that an import did not take is told singly: then the service says why.
        and contact.contact_id not in (
            select contact_id from engine.ledger
            where account_id = $account_id and state = 'unknown' and list_contains($not_taken, reason)
        )
)
-- Imports are meant for many contacts. What is only said again has imports of its own, and goes that way from two
-- contacts on: nothing changed for these people, and only an import can keep automations from starting again.
select contact_id from candidate
qualify count(*) over (partition by resent) >= if(resent, least(2, $bulk_from), $bulk_from);

-- The order of delivery, counted apart for single calls and for imports.
create or replace temp table ranked as
select contact.contact_id,
    row_number() over (
        partition by by_bulk.contact_id is not null order by contact.urgency, contact.contact_id
    ) as position
from judged_contact as contact
left join by_bulk on by_bulk.contact_id = contact.contact_id
where contact.withheld is null;

delete from engine.outbox;
delete from engine.outbox_value;
delete from engine.withheld;

insert into engine.withheld
select contact_id, withheld from judged_contact where withheld is not null;
