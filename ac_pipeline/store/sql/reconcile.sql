-- What ActiveCampaign still has to be told: what it should be told minus what it acknowledged, per contact and property.
-- Here is what it should be told (`aim`); pending.sql takes away what it acknowledged, some contacts at a time.

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

-- Who is no member of an audience that says so explicitly. It asks for nothing by itself of somebody who is no contact.
create or replace temp table said_false as
with known as (select contact_id from engine.remote_contact where account_id = $account_id)
select contact.contact_id, property.property_id, known.contact_id is null as quiet
from engine.property
join engine.desired as contact
    on contact.property_id = (select property_id from engine.property where key = 'email')
left join engine.desired as member
    on member.property_id = property.property_id and member.contact_id = contact.contact_id
left join known on known.contact_id = contact.contact_id
where property.explicit_false and property.declared and property.sent and member.contact_id is null
    and property.property_id in (select property_id from engine.approval)
    and property.property_id not in (select property_id from held_property);

-- What is desired of them is not sent as it is.
create or replace temp table silent_property as
select property_id from engine.property where not (sent and declared);

-- A view: what was acknowledged as it is desired, which is most of it, need not be written down.
create or replace temp view aim as
-- Of desired values the kind says whether they are memberships.
select contact_id, property_id, value, null::boolean as membership, false as resubscribe, false as quiet
from engine.desired where property_id not in (select property_id from silent_property)
union all
select contact_id, property_id, value, membership, resubscribe, false from said
union all
select contact_id, property_id, 'false', false, false, quiet from said_false;

create or replace temp table pending_value (
    contact_id integer, property_id integer, value varchar, membership boolean, resubscribe boolean, due boolean,
    resend boolean
);

create or replace temp view pending as
select contact_id, property_id, kind, key, value, membership, resubscribe, due, resend
from pending_value join engine.property using (property_id);
