-- What people read in the published copy. Moments are UTC. Every view has a comment.
create or replace view members as
select audience.key as audience, contact.user_id, email.value as email, history.valid_from as member_since
from engine.history
join engine.property as audience on audience.property_id = history.property_id and audience.kind = 'audience'
join engine.contact on contact.contact_id = history.contact_id
left join engine.property as email_property on email_property.key = 'email'
left join engine.desired as email
    on email.property_id = email_property.property_id and email.contact_id = history.contact_id
where history.valid_to = timestamp '9999-12-31';
comment on view members is 'Who is a member of which audience now (newest computed window), and since when.';

create or replace view trait_values as
select trait.key as trait, contact.user_id, history.value, history.valid_from as since
from engine.history
join engine.property as trait on trait.property_id = history.property_id and trait.kind = 'trait'
join engine.contact on contact.contact_id = history.contact_id
where history.valid_to = timestamp '9999-12-31';
comment on view trait_values is 'The value of each computed trait now, as text, and since when.';

create or replace view membership_changes as
select began.as_of, audience.key as audience, contact.user_id, 'entered' as change
from engine.history
join engine.property as audience on audience.property_id = history.property_id and audience.kind = 'audience'
join engine.contact on contact.contact_id = history.contact_id
join engine.snapshot as began on began.property_id = history.property_id and began.as_of = history.valid_from
union all
select ended.as_of, audience.key, contact.user_id, 'exited'
from engine.history
join engine.property as audience on audience.property_id = history.property_id and audience.kind = 'audience'
join engine.contact on contact.contact_id = history.contact_id
join engine.snapshot as ended on ended.property_id = history.property_id and ended.as_of = history.valid_to;
comment on view membership_changes is 'Who entered or exited which audience in the window that ended at as_of.';

create or replace view trait_changes as
select snapshot.as_of, trait.key as trait, contact.user_id, before.value as old_value, after.value as new_value
from (
    select property_id, contact_id, valid_from as as_of from engine.history
    union
    select property_id, contact_id, valid_to from engine.history
) as moved
join engine.property as trait on trait.property_id = moved.property_id and trait.kind = 'trait'
join engine.snapshot on snapshot.property_id = moved.property_id and snapshot.as_of = moved.as_of
join engine.contact on contact.contact_id = moved.contact_id
left join engine.history as before
    on before.property_id = moved.property_id and before.contact_id = moved.contact_id
    and before.valid_to = moved.as_of
left join engine.history as after
    on after.property_id = moved.property_id and after.contact_id = moved.contact_id
    and after.valid_from = moved.as_of;
comment on view trait_changes is 'Old and new value of computed traits that changed in the window that ended at as_of.';

create or replace view audience_sizes as
select
    snapshot.as_of, audience.key as audience, snapshot.contacts as members,
    coalesce(entered.contacts, 0) as entered, coalesce(exited.contacts, 0) as exited
from engine.snapshot
join engine.property as audience on audience.property_id = snapshot.property_id and audience.kind = 'audience'
left join (
    select property_id, valid_from as as_of, count(*) as contacts from engine.history group by all
) as entered on entered.property_id = snapshot.property_id and entered.as_of = snapshot.as_of
left join (
    select property_id, valid_to as as_of, count(*) as contacts from engine.history group by all
) as exited on exited.property_id = snapshot.property_id and exited.as_of = snapshot.as_of;
comment on view audience_sizes is 'Members of each audience per computed window, and who entered and exited since the one before.';

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

create or replace view acknowledged as
select contact.user_id, property.key as property, ledger.state, ledger.value, ledger.reason, ledger.attempt_id
from engine.ledger
join engine.contact on contact.contact_id = ledger.contact_id
join engine.property on property.property_id = ledger.property_id
where property.kind <> 'contacts';
comment on view acknowledged is 'What ActiveCampaign was told of each contact and property: acknowledged, unknown or rejected.';

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

create or replace view opt_outs as
select contact.user_id, property.name as list, opt_out.reason, opt_out.found_at
from engine.opt_out
join engine.contact on contact.contact_id = opt_out.contact_id
join engine.property on property.property_id = opt_out.property_id;
comment on view opt_outs is 'Who is not subscribed to a list although a declaration asks for it: opted out, bounced or not confirmed.';

create or replace view conflicts as
select contact.user_id, conflict.kept_remote_id as contact_kept, conflict.left_remote_id as contact_left, conflict.noted_at
from engine.conflict join engine.contact on contact.contact_id = conflict.contact_id;
comment on view conflicts is 'Users whose new address another contact had already: that contact is theirs now, the other was left behind.';

create or replace view held as
select
    if(property.kind = 'contacts', 'contacts', property.key) as declaration, held.as_of, held.reason, held.contacts_before, held.contacts_after, held.exits,
    held.held_at
from engine.held join engine.property on property.property_id = held.property_id
where held.released_at is null;
comment on view held is 'Declarations the guard holds: their last approved members stay until somebody releases them.';

create or replace view withheld as
select contact.user_id, withheld.reason
from engine.withheld join engine.contact on contact.contact_id = withheld.contact_id;
comment on view withheld is 'Contacts with something to say that may not be sent now, and why.';

create or replace view problems as
select as_of, key as declaration, kind, user_id, rows from engine.problem;
comment on view problems is 'Rows of the warehouse that could not be used; rows without a user id are counted in one line.';

create or replace view not_computed as
select as_of, key as declaration, reason from engine.not_computed;
comment on view not_computed is 'Declarations that are unknown for a window, and why.';

create or replace view windows as
select as_of, started_at as window_start, run_id, computed_at from engine.computed_window;
comment on view windows is 'The windows that were computed; as_of is the end of each.';

create or replace view runs as
select run_id, kind, state, started_at, finished_at, summary from engine.run;
comment on view runs is 'Runs of the pipeline: running, succeeded, attention (something waits for a person), failed or dead.';
