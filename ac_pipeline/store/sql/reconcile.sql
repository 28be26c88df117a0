-- What ActiveCampaign still has to be told: what it should be told minus what it acknowledged, per contact and property.
-- `due` is false for what asks for nothing by itself: a value that was refused with its contact and has not changed
-- since, and an explicit `false` for somebody who is no contact. Both go along when the contact is sent.

-- Properties of which nothing is taken back, because a person has to decide first.
create or replace temp table held_property as
with held as (select property_id from engine.held where released_at is null)
select property_id from held
union
select property_id from engine.property
where kind = 'contacts'
    and exists (select 1 from held join engine.property using (property_id) where property.kind = 'contacts');

-- A list may be named here by its name and there by its id: what is one list over there is one property.
create or replace temp table one_list as
select catalog.property_id, min(catalog.property_id) over (partition by catalog.remote_id) as same_id
from engine.catalog
join engine.property on property.property_id = catalog.property_id
where property.kind = 'list' and catalog.account_id = $account_id;

create or replace temp table spoken_source as
select source.* replace (coalesce(one_list.same_id, source.property_id) as property_id)
from engine.source left join one_list on one_list.property_id = source.property_id;

-- Tags and lists are said by audiences and by columns of the contacts, several of which may say the same.
create or replace temp table said as
with through as (
    select
        desired.contact_id, source.property_id, if(target.kind = 'tag', 'true', 'active') as value,
        true as membership, source.resubscribe, speaker.declared
    from engine.source
    join engine.property as speaker on speaker.property_id = source.source_id and speaker.kind = 'audience'
    join engine.property as target on target.property_id = source.property_id
    join engine.desired on desired.property_id = source.source_id
    union all
    select desired.contact_id, target.property_id, 'true', false, false, true
    from (
        select contact_id, unnest(from_json(value, '["VARCHAR"]')) as name
        from engine.desired join engine.property using (property_id) where property.key = 'tags'
    ) as desired
    join engine.property as target on target.key = 'tag:' || lower(desired.name)
    union all
    select listed.contact_id, target.property_id, listed.entry.value, false, source.resubscribe, true
    from (
        -- No JSON path: a name may have quotes in it.
        select contact_id, unnest(map_entries(cast(cast(value as json) as map(varchar, varchar)))) as entry
        from engine.desired join engine.property using (property_id) where property.key = 'lists'
    ) as listed
    join engine.property as target on target.key = 'list:' || listed.entry.key
    join engine.source on source.property_id = target.property_id
    join engine.property as speaker on speaker.property_id = source.source_id and speaker.key = 'lists'
)
select
    contact_id, property_id,
    -- `unsubscribed` comes after `active`, and wins.
    max(value) filter (where declared) as value,
    coalesce(bool_or(membership) filter (where declared), false) as membership,
    coalesce(bool_or(resubscribe) filter (where declared), false) as resubscribe
from (
    select through.* replace (coalesce(one_list.same_id, through.property_id) as property_id)
    from through left join one_list on one_list.property_id = through.property_id
)
group by contact_id, property_id;

create or replace temp table removable as
select
    source.property_id,
    bool_or(source.unsubscribe_on_exit and (speaker.declared or speaker.to_false)) as unsubscribes
from spoken_source as source
join engine.property as speaker on speaker.property_id = source.source_id
left join held_property as held on held.property_id = source.source_id
group by source.property_id
having bool_or(speaker.declared or speaker.to_false) and count(held.property_id) = 0;

-- Who was a member of an audience that unsubscribes those who leave; another source's subscription is left alone.
create or replace temp table former_member as
select distinct source.property_id, history.contact_id
from spoken_source as source join engine.history on history.property_id = source.source_id
where source.unsubscribe_on_exit;

create or replace temp table pending as
with told as (
    select contact_id, property_id, state, value, alone,
        coalesce(state = 'rejected' and list_contains($opt_outs, reason), false) as opted_out,
        coalesce(state = 'unknown' and reason = 'resend', false) as resend
    from engine.ledger where account_id = $account_id
),
known as (select contact_id from engine.remote_contact where account_id = $account_id),
aim as (
    select desired.contact_id, desired.property_id, desired.value, property.kind = 'audience' as membership,
        false as resubscribe, false as quiet
    from engine.desired join engine.property on property.property_id = desired.property_id
    where property.sent and property.declared
    union all
    select contact_id, property_id, value, membership, resubscribe, false from said
    union all
    select contact.contact_id, property.property_id, 'false', false, false, known.contact_id is null
    from engine.property
    join engine.desired as contact
        on contact.property_id = (select property_id from engine.property where key = 'email')
    left join engine.desired as member
        on member.property_id = property.property_id and member.contact_id = contact.contact_id
    left join known on known.contact_id = contact.contact_id
    where property.explicit_false and property.declared and property.sent and member.contact_id is null
        and property.property_id in (select property_id from engine.approval)
        and property.property_id not in (select property_id from held_property)
),
compared as (
    select
        coalesce(aim.contact_id, told.contact_id) as contact_id,
        coalesce(aim.property_id, told.property_id) as property_id,
        aim.value as aimed, aim.contact_id is not null as spoken,
        coalesce(aim.membership, false) as membership, coalesce(aim.resubscribe, false) as resubscribe,
        coalesce(aim.quiet, false) as quiet,
        -- A declaration that now subscribes people again has not been refused yet.
        if(coalesce(aim.resubscribe and told.opted_out, false), 'unknown', told.state) as state, told.value as told, told.alone,
        coalesce(told.resend, false) as resend
    from aim
    full outer join told on aim.contact_id = told.contact_id and aim.property_id = told.property_id
),
aimed as (
    select
        compared.contact_id, compared.property_id, property.kind, property.key, compared.membership,
        compared.resubscribe, compared.quiet, compared.state, compared.told, compared.alone, compared.resend,
        case
            when compared.aimed is not null then compared.aimed
            -- Who was told so before is told it again: that takes nothing back.
            when compared.resend and not compared.spoken and property.sent and property.declared
                and (
                    property.kind in ('audience', 'tag') and compared.told = 'false'
                    or property.nulls = 'clear' and compared.told = ''
                )
            then compared.told
            -- Somebody whose declaration is gone still says it: it is left as it is.
            when compared.spoken or held.property_id is not null then null
            -- Only what was said, or may have been, is taken back.
            when property.kind = 'audience' and property.sent and (property.declared or property.to_false)
                and (compared.state <> 'acknowledged' or compared.told = 'true')
            then 'false'
            when property.kind = 'tag' and removable.property_id is not null
                and (compared.state <> 'acknowledged' or compared.told = 'true')
            then 'false'
            when property.kind = 'list' and removable.unsubscribes and former_member.contact_id is not null
                -- A subscription that was refused never was: who bounced or did not confirm stays so.
                and (compared.state = 'unknown' or compared.state = 'acknowledged' and compared.told = 'active')
            then 'unsubscribed'
            when property.nulls = 'clear' and property.sent and property.declared
                and (compared.state <> 'acknowledged' or compared.told <> '')
            then ''
        end as target
    from compared
    join engine.property on property.property_id = compared.property_id
    left join held_property as held on held.property_id = compared.property_id
    left join removable on removable.property_id = compared.property_id
    left join former_member
        on former_member.property_id = compared.property_id and former_member.contact_id = compared.contact_id
)
select
    contact_id, property_id, kind, key, target as value, membership, resubscribe,
    not quiet and (state is null or state = 'unknown' or told is distinct from target) as due,
    -- What was acknowledged and is asked to be said again, unchanged (see store/again.py).
    resend and told is not distinct from target as resend
from aimed
where target is not null and (state is distinct from 'acknowledged' or told is distinct from target)
    and not (coalesce(alone, false) and state = 'rejected' and told is not distinct from target)
