-- What people read in the published copy of what ActiveCampaign was told.

create or replace view deliveries as
select
    attempt.attempt_id, attempt.run_id, attempt.attempted_at, contact.user_id, attempt.route,
    coalesce(outcome.outcome, 'in flight') as outcome, outcome.status, outcome.reason, outcome.answered_at,
    told.said
from engine.attempt
join engine.contact on contact.contact_id = attempt.contact_id
left join engine.outcome on outcome.attempt_id = attempt.attempt_id
left join (
    select attempt_value.attempt_id, map(list(property.key order by property.key), list(value order by property.key)) as said
    from engine.attempt_value join engine.property on property.property_id = attempt_value.property_id
    where property.kind <> 'contacts'
    group by attempt_value.attempt_id
) as told on told.attempt_id = attempt.attempt_id;
comment on view deliveries is 'Every identify that was attempted: what it said, how it ended, when.';
comment on column deliveries.attempt_id is 'Number of the attempt; later ones are higher.';
comment on column deliveries.run_id is 'The run that made it; see runs.';
comment on column deliveries.attempted_at is 'When it was written down, just before the request; UTC.';
comment on column deliveries.user_id is 'Who was told about.';
comment on column deliveries.route is 'bulk, sync or update for fields; tag, untag or list; none when it was refused without a request.';
comment on column deliveries.outcome is 'acknowledged, rejected, unknown (may or may not have arrived), not_sent, or in flight.';
comment on column deliveries.status is 'HTTP status of the answer; null when there was none.';
comment on column deliveries.reason is 'Why, where it was not acknowledged.';
comment on column deliveries.answered_at is 'When the outcome was recorded, UTC; null while in flight.';
comment on column deliveries.said is 'What it said: property to value; e-mail, names and phone are left out.';

create or replace view acknowledged as
select contact.user_id, property.key as property, ledger.state, ledger.value, ledger.reason, ledger.attempt_id
from engine.ledger
join engine.contact on contact.contact_id = ledger.contact_id
join engine.property on property.property_id = ledger.property_id
where property.kind <> 'contacts';
comment on view acknowledged is 'What ActiveCampaign was told of each contact and property: acknowledged, unknown or rejected.';
comment on column acknowledged.user_id is 'Who was told about.';
comment on column acknowledged.property is 'Key of the audience or trait; tag:NAME and list:NAME for tags and lists.';
comment on column acknowledged.state is 'acknowledged, rejected, or unknown: attempted and not confirmed, or to be said again.';
comment on column acknowledged.value is 'The value said last, as text.';
comment on column acknowledged.reason is 'Why, where it is not acknowledged.';
comment on column acknowledged.attempt_id is 'The attempt that said it; see deliveries.';

-- From which attempt on nothing of what a contact was told before can be relied on, and which earlier one shows it.
create or replace macro engine.doubt_at(moment) as table
with answered as (
    select attempt.attempt_id, attempt.account_id, attempt.contact_id, outcome.outcome, outcome.status,
        outcome.remote_id
    from engine.attempt join engine.outcome on outcome.attempt_id = attempt.attempt_id
    where outcome.answered_at <= moment
),
named as (
    select
        account_id, contact_id, attempt_id, remote_id,
        lag(remote_id) over of_contact as remote_before, lag(attempt_id) over of_contact as attempt_before,
        lag(contact_id) over of_remote as contact_before, lag(attempt_id) over of_remote as remote_attempt_before
    from answered where outcome = 'acknowledged' and remote_id is not null
    window
        of_contact as (partition by account_id, contact_id order by attempt_id),
        of_remote as (partition by account_id, remote_id order by attempt_id)
)
-- It was not found under its id,
select account_id, contact_id, attempt_id, attempt_id as because_of
from answered where outcome = 'unknown' and status = 404
union all
-- it answered under another one,
select account_id, contact_id, attempt_id, attempt_before from named where remote_id <> remote_before
union all
-- or what it had been over there became somebody else.
select account_id, contact_before, attempt_id, remote_attempt_before
from named where contact_id <> contact_before;

create or replace macro acknowledged_at(moment) as table
with told as (
    select
        attempt.contact_id, value.property_id, value.value, attempt.attempt_id, attempt.attempted_at,
        outcome.answered_at, outcome.reason, coalesce(outcome.outcome, 'unknown') as state,
        coalesce(doubt.attempt_id, 0) as doubted_from
    from engine.attempt
    join engine.attempt_value as value on value.attempt_id = attempt.attempt_id
    left join engine.outcome
        on outcome.attempt_id = attempt.attempt_id and outcome.answered_at <= engine.utc(moment)
    left join (
        select account_id, contact_id, max(attempt_id) as attempt_id
        from engine.doubt_at(engine.utc(moment)) group by all
    ) as doubt on doubt.account_id = attempt.account_id and doubt.contact_id = attempt.contact_id
    where attempt.attempted_at <= engine.utc(moment) and coalesce(outcome.outcome, '') <> 'not_sent'
),
newest as (
    select
        contact_id, property_id, max(doubted_from) as doubted_from,
        max_by(
            {
                'attempt_id': attempt_id, 'value': value, 'state': state, 'reason': reason,
                'attempted_at': attempted_at, 'answered_at': answered_at
            },
            attempt_id
        ) as said,
        max_by(value, attempt_id) filter (where state = 'acknowledged' and attempt_id >= doubted_from) as confirmed
    from told
    group by contact_id, property_id
)
select
    contact.user_id, property.key as property,
    if(newest.said.attempt_id < newest.doubted_from, 'unknown', newest.said.state) as state,
    newest.said.value as value, newest.confirmed, newest.said.reason as reason,
    newest.said.attempted_at as attempted_at, newest.said.answered_at as answered_at
from newest
join engine.contact on contact.contact_id = newest.contact_id
join engine.property on property.property_id = newest.property_id
where property.kind <> 'contacts' and engine.is_kept(engine.utc(moment));
comment on macro table acknowledged_at is
    'What ActiveCampaign had been told by a moment, as was known then: what had no answer yet is unknown. confirmed is the last value it had acknowledged. What a person asked to be said again still counts as told.';

create or replace view rejections as
select contact.user_id, any_value(ledger.reason) as reason, max(outcome.answered_at) as rejected_at,
    count(*) as properties,
    (now() at time zone 'UTC') - max(outcome.answered_at) as age
from engine.ledger
join engine.contact on contact.contact_id = ledger.contact_id
left join engine.outcome on outcome.attempt_id = ledger.attempt_id
where ledger.state = 'rejected'
group by contact.user_id;
comment on view rejections is 'Contacts ActiveCampaign refused, why and since when; they return when what they should be told changes.';
comment on column rejections.user_id is 'Who was refused.';
comment on column rejections.reason is 'What ActiveCampaign said, or why it was not even asked.';
comment on column rejections.rejected_at is 'When it was refused last, UTC.';
comment on column rejections.properties is 'How many properties could not be told.';
comment on column rejections.age is 'Time since then.';

create or replace view opt_outs as
select contact.user_id, property.name as list, opt_out.reason, opt_out.found_at
from engine.opt_out
join engine.contact on contact.contact_id = opt_out.contact_id
join engine.property on property.property_id = opt_out.property_id;
comment on view opt_outs is 'Who is not subscribed to a list although a declaration asks for it: opted out, bounced or not confirmed.';
comment on column opt_outs.user_id is 'Who it is.';
comment on column opt_outs.list is 'The list as the declarations name it.';
comment on column opt_outs.reason is 'opted out, bounced, opt-in not confirmed, or unknown list status.';
comment on column opt_outs.found_at is 'When it was found out, UTC.';

create or replace view conflicts as
select contact.user_id, conflict.kept_remote_id as contact_kept, conflict.left_remote_id as contact_left, conflict.noted_at
from engine.conflict join engine.contact on contact.contact_id = conflict.contact_id;
comment on view conflicts is 'Users who had two contacts: their new address was another contact''s already, or somebody changed the address of theirs in ActiveCampaign and an import made a second one. The contact with the address is theirs now, the other was left behind.';
comment on column conflicts.user_id is 'Whose address it is.';
comment on column conflicts.contact_kept is 'Id in ActiveCampaign of the contact that is theirs now.';
comment on column conflicts.contact_left is 'Id in ActiveCampaign of the contact that was left behind.';
comment on column conflicts.noted_at is 'When that was found out, UTC.';

create or replace view withheld as
select contact.user_id, withheld.reason
from engine.withheld join engine.contact on contact.contact_id = withheld.contact_id;
comment on view withheld is 'Contacts with something to say that may not be sent now, and why.';
comment on column withheld.user_id is 'Who it is.';
comment on column withheld.reason is 'Why, in one word, for instance no_contact_row or no_name.';
