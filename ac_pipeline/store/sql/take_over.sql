-- An address that a vanished contact had and another contact has now is one contact in ActiveCampaign:
-- what it was told about the one is unknown for the other, and is therefore said again, `false` included.
create or replace temp table taken as
select old.contact_id as old_contact_id, new.contact_id as new_contact_id
from engine.ledger as old
join engine.property on property.property_id = old.property_id and property.key = 'email'
join engine.desired as new on new.property_id = old.property_id and new.value = old.value
left join engine.desired as still on still.property_id = old.property_id and still.contact_id = old.contact_id
where old.account_id = $account_id and old.state <> 'rejected'
    and new.contact_id <> old.contact_id and still.contact_id is null;

insert into engine.ledger
select ledger.account_id, taken.new_contact_id, ledger.property_id, 'unknown', any_value(ledger.value), null,
    max(ledger.attempt_id)
from engine.ledger
join taken on taken.old_contact_id = ledger.contact_id
left join engine.ledger as own
    on own.account_id = ledger.account_id and own.contact_id = taken.new_contact_id
    and own.property_id = ledger.property_id
where ledger.account_id = $account_id and own.contact_id is null
group by all;

delete from engine.ledger using taken
where ledger.contact_id = taken.old_contact_id and ledger.account_id = $account_id;

insert into engine.remote_contact
select remote.account_id, taken.new_contact_id, any_value(remote.remote_id)
from engine.remote_contact as remote
join taken on taken.old_contact_id = remote.contact_id
left join engine.remote_contact as own
    on own.account_id = remote.account_id and own.contact_id = taken.new_contact_id
where remote.account_id = $account_id and own.contact_id is null
group by all;

delete from engine.remote_contact using taken
where remote_contact.contact_id = taken.old_contact_id and remote_contact.account_id = $account_id;
