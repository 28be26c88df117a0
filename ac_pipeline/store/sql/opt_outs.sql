-- Input: opted_out (remote_id, email, reason) of one list. Ours are those we know by id, and those whose address is
-- desired: they are the contacts a subscription would reach.
create or replace temp table ours_opted_out as
with ours as (
    select remote.contact_id, opted_out.reason
    from opted_out
    join engine.remote_contact as remote
        on remote.remote_id = opted_out.remote_id and remote.account_id = $account_id
    union all
    select desired.contact_id, opted_out.reason
    from opted_out
    join engine.desired on desired.value = opted_out.email
    join engine.property on property.property_id = desired.property_id and property.key = 'email'
)
select ours.contact_id, min(ours.reason) as reason, any_value(known.found_at) as known_at
from ours
left join engine.opt_out as known
    on known.contact_id = ours.contact_id and known.reason = ours.reason
    and known.property_id = $property_id and known.account_id = $account_id
group by ours.contact_id;

delete from engine.opt_out where account_id = $account_id and property_id = $property_id;

insert into engine.opt_out
select $account_id, contact_id, $property_id, reason, coalesce(known_at, $now)
from ours_opted_out order by contact_id;
