-- One contact of ActiveCampaign is one of ours, and an address belongs to one contact there.
-- An address that changes hands is waited for (see plan.sql), except where waiting would never end: its holder
-- vanished, or holders want each other's addresses in a circle. Then the contact that should have the address takes
-- over the one that has it: what that one was told is unknown for its new owner, and is therefore said again,
-- `false` included. A contact that was left behind goes on as a former one, so that its exits are told.
create or replace temp table wanted as
with email as (select property_id from engine.property where key = 'email'),
desired_email as (
    select desired.contact_id, desired.value as email
    from engine.desired join email on email.property_id = desired.property_id
),
-- Most contacts have the address they should have.
leaving as (
    select held.contact_id, held.email, still.email as wants
    from engine.remote_contact as held left join desired_email as still on still.contact_id = held.contact_id
    where held.account_id = $account_id and still.email is distinct from held.email
)
select desired_email.contact_id as new_contact_id, leaving.contact_id as old_contact_id, leaving.wants as old_wants
from leaving join desired_email on desired_email.email = leaving.email
where leaving.contact_id <> desired_email.contact_id;

create or replace temp table taken as
with recursive walk as (
    select new_contact_id as start, old_contact_id as reached from wanted
    union
    select walk.start, wanted.old_contact_id
    from walk join wanted on wanted.new_contact_id = walk.reached
),
unresolved as (
    select ledger.contact_id from engine.ledger
    left join engine.remote_contact as own
        on own.account_id = ledger.account_id and own.contact_id = ledger.contact_id
    where ledger.account_id = $account_id and ledger.state = 'unknown' and own.contact_id is null
),
shared as (
    select contact_id, remote_id from engine.remote_contact
    where account_id = $account_id and remote_id in (
        select remote_id from engine.remote_contact
        where account_id = $account_id group by remote_id having count(*) > 1
    )
),
confirmed as (
    select contact_id, max(attempt_id) as attempt_id
    from engine.ledger
    where account_id = $account_id and state = 'acknowledged' and contact_id in (select contact_id from shared)
    group by contact_id
),
by_address as (
    select old_contact_id, new_contact_id from wanted
    where (old_wants is null or new_contact_id in (select start from walk where start = reached))
        -- Whether the new owner's own creation took effect must be known first (see plan.sql).
        and new_contact_id not in (select contact_id from unresolved)
),
-- Two of ours that were answered under one id are one contact; who was confirmed last has it.
by_id as (
    select old.contact_id as old_contact_id, arg_max(new.contact_id, newer.attempt_id) as new_contact_id
    from shared as old
    join shared as new on new.remote_id = old.remote_id
    join confirmed as newer on newer.contact_id = new.contact_id
    left join confirmed as older on older.contact_id = old.contact_id
    where new.contact_id <> old.contact_id and newer.attempt_id > coalesce(older.attempt_id, 0)
    group by old.contact_id
)
select old_contact_id, min(new_contact_id) as new_contact_id
from (select * from by_address union all select * from by_id)
group by old_contact_id;

-- Left behind: the contact a new owner had before, unless somebody takes that over too or it is the same one.
create or replace temp table left_behind as
select distinct own.contact_id, own.remote_id, own.email, 'former contact ' || own.remote_id as user_id
from engine.remote_contact as own
join taken on taken.new_contact_id = own.contact_id
join engine.remote_contact as other
    on other.account_id = own.account_id and other.contact_id = taken.old_contact_id
where own.account_id = $account_id and own.remote_id <> other.remote_id
    and own.contact_id not in (select old_contact_id from taken);

insert into engine.contact
select nextval('engine.contact_ids'), left_behind.user_id
from left_behind left join engine.contact on contact.user_id = left_behind.user_id
where contact.user_id is null
order by left_behind.user_id;

create or replace temp table handed as
select ledger.property_id, taken.new_contact_id as contact_id, 'unknown' as state, ledger.value, null as reason,
    false as alone, ledger.attempt_id
from engine.ledger join taken on taken.old_contact_id = ledger.contact_id
where ledger.account_id = $account_id
union all
-- Two of ours that are one contact over there: what the new owner was told itself still holds.
select ledger.property_id, ledger.contact_id, ledger.state, ledger.value, ledger.reason, ledger.alone,
    ledger.attempt_id
from engine.ledger
join taken on taken.new_contact_id = ledger.contact_id
join engine.remote_contact as own on own.account_id = ledger.account_id and own.contact_id = taken.new_contact_id
join engine.remote_contact as other on other.account_id = ledger.account_id and other.contact_id = taken.old_contact_id
where ledger.account_id = $account_id and own.remote_id = other.remote_id
union all
select ledger.property_id, former.contact_id, ledger.state, ledger.value, ledger.reason, ledger.alone,
    ledger.attempt_id
from engine.ledger
join left_behind on left_behind.contact_id = ledger.contact_id
join engine.contact as former on former.user_id = left_behind.user_id
where ledger.account_id = $account_id;

create or replace temp table handed_remote as
-- Of two that are one over there the new owner was confirmed last: it knows the address.
select taken.new_contact_id as contact_id, remote.remote_id, coalesce(own.email, remote.email) as email
from engine.remote_contact as remote
join taken on taken.old_contact_id = remote.contact_id
left join engine.remote_contact as own
    on own.account_id = remote.account_id and own.contact_id = taken.new_contact_id
    and own.remote_id = remote.remote_id
where remote.account_id = $account_id
union all
select former.contact_id, left_behind.remote_id, left_behind.email
from left_behind join engine.contact as former on former.user_id = left_behind.user_id;

delete from engine.ledger
where account_id = $account_id
    and contact_id in (select old_contact_id from taken union select new_contact_id from taken);

delete from engine.remote_contact
where account_id = $account_id
    and contact_id in (select old_contact_id from taken union select new_contact_id from taken);

insert into engine.ledger
select $account_id, contact_id, property_id, state, value, reason, alone, attempt_id
from handed
qualify row_number() over (partition by contact_id, property_id order by attempt_id desc, state <> 'unknown') = 1;

insert into engine.remote_contact
select $account_id, contact_id, any_value(remote_id), any_value(email) from handed_remote group by contact_id;

insert into engine.desired
select property.property_id, former.contact_id, left_behind.email
from left_behind
join engine.contact as former on former.user_id = left_behind.user_id
join engine.property on property.key = 'email'
left join engine.desired as known
    on known.property_id = property.property_id and known.contact_id = former.contact_id
where known.contact_id is null;
