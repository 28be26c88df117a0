-- By which way each contact of the plan is told, by cost: a bulk import carries 250 contacts a request, but cannot
-- take tags off, erase a value, subscribe those again who left, or change an address. What it cannot say of a contact
-- is left for a single call in the pass after.
-- A view, too: it is asked for a few contacts at a time.
create or replace temp view value_route as
select way.contact_id, way.property_id, way.kind, way.key, way.value, way.in_bulk, way.requests
from way
join judged_contact on judged_contact.contact_id = way.contact_id and judged_contact.withheld is null;

create or replace temp table by_bulk as
with candidate as (
    select contact.contact_id, contact.reason = 'resend' as resent, contact.left_over
    from judged_contact as contact
    where contact.withheld is null and contact.saved > 0 and contact.bytes < 60000 and not contact.renames
        and regexp_full_match(contact.email, $importable)
        -- A row that an import did not take is told singly: then the service says why.
        and contact.contact_id not in (
            select contact_id from engine.ledger
            where account_id = $account_id and state = 'unknown' and list_contains($not_taken, reason)
        )
)
-- Imports are meant for many contacts. What is only said again has imports of its own, and goes that way from two
-- contacts on: nothing changed for these people, and only an import can keep automations from starting again.
select contact_id, left_over from candidate
qualify count(*) over (partition by resent) >= if(resent, least(2, $bulk_from), $bulk_from);

-- Who is sent something, in the order of delivery, counted apart for single calls and for imports.
create or replace temp table sent_contact as
select
    contact.contact_id, by_bulk.contact_id is not null as by_bulk,
    row_number() over (
        partition by by_bulk.contact_id is not null order by contact.urgency, contact.contact_id
    ) as position,
    contact.route, contact.reason, contact.remote_id, contact.must_exist, contact.email,
    contact.remote_id is null or contact.renames as says_email
from judged_contact as contact
left join by_bulk on by_bulk.contact_id = contact.contact_id
where contact.withheld is null
order by contact.contact_id;

delete from engine.outbox;
delete from engine.outbox_value;
delete from engine.withheld;

insert into engine.withheld
select contact_id, withheld from judged_contact where withheld is not null;
