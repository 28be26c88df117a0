-- What is aimed at and not acknowledged, of the contacts from one id up to another.
-- `due` is false for what asks for nothing by itself: a value that was refused with its contact and has not changed
-- since, and an explicit `false` for somebody who is no contact. Both go along when the contact is sent.
insert into pending_value
with compared as (
    select
        coalesce(aim.contact_id, told.contact_id) as contact_id,
        coalesce(aim.property_id, told.property_id) as property_id,
        aim.value as aimed, aim.contact_id is not null as spoken, aim.membership,
        coalesce(aim.resubscribe, false) as resubscribe, coalesce(aim.quiet, false) as quiet,
        told.state, told.value as told, told.reason, told.alone
    from (select * from aim where contact_id >= $first and contact_id < $next) as aim
    full outer join (
        select * from engine.ledger
        where account_id = $account_id and contact_id >= $first and contact_id < $next
    ) as told on aim.contact_id = told.contact_id and aim.property_id = told.property_id
    -- Most is settled: it goes no further.
    where aim.value is null or told.value is null or aim.value <> told.value or told.state <> 'acknowledged'
),
open_value as (
    select
        compared.contact_id, compared.property_id, property.kind, property.sent, property.declared, property.to_false,
        property.nulls, compared.aimed, compared.spoken,
        compared.spoken and coalesce(compared.membership, property.kind = 'audience') as membership,
        compared.resubscribe, compared.quiet,
        -- A declaration that now subscribes people again has not been refused yet.
        if(
            compared.resubscribe and compared.state = 'rejected' and list_contains($opt_outs, compared.reason),
            'unknown', compared.state
        ) as state,
        compared.told, compared.alone,
        coalesce(compared.state = 'unknown' and compared.reason = 'resend', false) as resend
    from compared
    join engine.property on property.property_id = compared.property_id
),
aimed as (
    select
        said.*,
        case
            when said.aimed is not null then said.aimed
            -- Who was told so before is told it again: that takes nothing back.
            when said.resend and not said.spoken and said.sent and said.declared
                and (
                    said.kind in ('audience', 'tag') and said.told = 'false'
                    or said.nulls = 'clear' and said.told = ''
                )
            then said.told
            -- Somebody whose declaration is gone still says it: it is left as it is.
            when said.spoken or held.property_id is not null then null
            -- Only what was said, or may have been, is taken back.
            when said.kind = 'audience' and said.sent and (said.declared or said.to_false)
                and (said.state <> 'acknowledged' or said.told = 'true')
            then 'false'
            when said.kind = 'tag' and removable.property_id is not null
                and (said.state <> 'acknowledged' or said.told = 'true')
            then 'false'
            when said.kind = 'list' and removable.unsubscribes and former_member.contact_id is not null
                -- A subscription that was refused never was: who bounced or did not confirm stays so.
                and (said.state = 'unknown' or said.state = 'acknowledged' and said.told = 'active')
            then 'unsubscribed'
            when said.nulls = 'clear' and said.sent and said.declared
                and (said.state <> 'acknowledged' or said.told <> '')
            then ''
        end as target
    from open_value as said
    left join held_property as held on held.property_id = said.property_id
    left join removable on removable.property_id = said.property_id
    left join former_member
        on former_member.property_id = said.property_id and former_member.contact_id = said.contact_id
)
select
    contact_id, property_id, target as value, membership, resubscribe,
    not quiet and (state is null or state = 'unknown' or told is distinct from target) as due,
    -- What was acknowledged and is asked to be said again, unchanged (see store/again.py).
    resend and told is not distinct from target as resend
from aimed
where target is not null and (state is distinct from 'acknowledged' or told is distinct from target)
    and not (coalesce(alone, false) and state = 'rejected' and told is not distinct from target)
-- What follows reads it contact by contact.
order by contact_id, property_id;
