-- What ActiveCampaign still has to be told: desired minus acknowledged, per contact and property.
-- `due` is false for a value that was refused and has not changed since: it goes along, but asks for nothing.
create or replace temp table pending as
with told as (
    select contact_id, property_id, state, value from engine.ledger where account_id = $account_id
),
compared as (
    select
        coalesce(desired.contact_id, told.contact_id) as contact_id,
        coalesce(desired.property_id, told.property_id) as property_id,
        desired.value as desired,
        told.state,
        told.value as told
    from engine.desired
    full outer join told on desired.contact_id = told.contact_id and desired.property_id = told.property_id
),
aimed as (
    select
        compared.contact_id, compared.property_id, property.kind, property.key, compared.state, compared.told,
        case
            when compared.desired is not null then compared.desired
            -- Only who was told `true`, or may have been, is told `false`.
            -- While the audience is held nobody is: the person who releases it decides.
            when property.kind = 'audience' and (compared.state <> 'acknowledged' or compared.told = 'true')
                and property.property_id not in (select property_id from engine.held where released_at is null)
            then 'false'
        end as target
    from compared
    join engine.property on property.property_id = compared.property_id
    where property.declared and property.sent
)
select
    contact_id, property_id, kind, key, target as value,
    state is null or state = 'unknown' or told is distinct from target as due
from aimed
where target is not null and (state is distinct from 'acknowledged' or told is distinct from target)
