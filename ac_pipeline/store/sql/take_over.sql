-- One contact of ActiveCampaign is one of ours. Where another of ours has it now, because a vanished contact's
-- address is theirs, or because both were answered under one id, what was told about the one is unknown for
-- the other, and is therefore said again, `false` included.
create or replace temp table taken as
with confirmed as (
    select contact_id, max(attempt_id) as attempt_id
    from engine.ledger where account_id = $account_id and state = 'acknowledged' group by contact_id
),
by_address as (
    select old.contact_id as old_contact_id, new.contact_id as new_contact_id
    from engine.ledger as old
    join engine.property on property.property_id = old.property_id and property.key = 'email'
    join engine.desired as new on new.property_id = old.property_id and new.value = old.value
    left join engine.desired as still on still.property_id = old.property_id and still.contact_id = old.contact_id
    where old.account_id = $account_id and old.state <> 'rejected'
        and new.contact_id <> old.contact_id and still.contact_id is null
),
by_id as (
    select old.contact_id as old_contact_id, arg_max(new.contact_id, newer.attempt_id) as new_contact_id
    from engine.remote_contact as old
    join engine.remote_contact as new on new.account_id = old.account_id and new.remote_id = old.remote_id
    join confirmed as newer on newer.contact_id = new.contact_id
    left join confirmed as older on older.contact_id = old.contact_id
    where old.account_id = $account_id and new.contact_id <> old.contact_id
        and newer.attempt_id > coalesce(older.attempt_id, 0)
    group by old.contact_id
)
select old_contact_id, min(new_contact_id) as new_contact_id
from (select * from by_address union all select * from by_id)
group by old_contact_id;

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
