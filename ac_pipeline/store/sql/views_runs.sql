-- What people read in the published copy of the runs, and of one contact over all of it.

create or replace view held as
select
    if(property.kind = 'contacts', 'contacts', property.key) as declaration, held.as_of, held.reason, held.contacts_before, held.contacts_after, held.exits,
    held.held_at
from engine.held join engine.property on property.property_id = held.property_id
where held.released_at is null;
comment on view held is 'Declarations the guard holds: their last approved members stay until somebody releases them.';
comment on column held.declaration is 'Key of the audience or trait, or contacts.';
comment on column held.as_of is 'End of the window whose result is held, UTC.';
comment on column held.reason is 'What was suspicious.';
comment on column held.contacts_before is 'How many contacts are approved.';
comment on column held.contacts_after is 'How many the held result has.';
comment on column held.exits is 'How many would leave.';
comment on column held.held_at is 'Since when it is held, UTC.';

create or replace view runs as
select
    run_id, kind, state, started_at, finished_at, summary,
    extract(epoch from finished_at - started_at) as seconds
from engine.run;
comment on view runs is 'Runs of the pipeline, with what they did.';
comment on column runs.run_id is 'Name of the run; of Dagster''s runs it is Dagster''s own.';
comment on column runs.kind is 'What was run: sync, release, resend and so on.';
comment on column runs.state is 'running, succeeded, attention (something waits for a person), failed, or dead (it ended without saying so).';
comment on column runs.started_at is 'When it began, UTC.';
comment on column runs.finished_at is 'When it ended, UTC; null while it runs.';
comment on column runs.summary is 'Counts as JSON: what was planned, told and refused, requests, snapshots.';
comment on column runs.seconds is 'How long it took; null while it runs.';

create or replace view contact_timeline as
select user_id, as_of as moment, change as event, audience as subject, null::varchar as old_value,
    null::varchar as new_value, null::varchar as reason, null::bigint as attempt_id
from membership_changes
union all
select user_id, as_of, 'changed', trait, old_value, new_value, null, null
from trait_changes
union all
select contact.user_id, attempt.attempted_at, 'attempted', property.key, null, value.value, null, attempt.attempt_id
from engine.attempt
join engine.contact on contact.contact_id = attempt.contact_id
join engine.attempt_value as value on value.attempt_id = attempt.attempt_id
join engine.property on property.property_id = value.property_id
where property.kind <> 'contacts'
union all
select contact.user_id, outcome.answered_at, outcome.outcome, attempt.route, null, null, outcome.reason, attempt.attempt_id
from engine.attempt
join engine.contact on contact.contact_id = attempt.contact_id
join engine.outcome on outcome.attempt_id = attempt.attempt_id
union all
select user_id, found_at, 'not subscribed', list, null, null, reason, null from opt_outs
union all
select user_id, noted_at, 'conflict', contact_kept, contact_left, contact_kept, null, null from conflicts;
comment on view contact_timeline is 'All that is known of one contact, in time: put where user_id = … and order by moment.';
comment on column contact_timeline.user_id is 'Who it is about.';
comment on column contact_timeline.moment is 'When, UTC; of what the warehouse said, the end of the window.';
comment on column contact_timeline.event is 'entered, exited or changed (warehouse) · attempted, then acknowledged, rejected, unknown or not_sent (ActiveCampaign) · not subscribed · conflict.';
comment on column contact_timeline.subject is 'The audience, trait, tag or list; of an answer, the route of its attempt.';
comment on column contact_timeline.old_value is 'Value before, as text.';
comment on column contact_timeline.new_value is 'Value afterwards, or what was said, as text.';
comment on column contact_timeline.reason is 'Why, where something was not acknowledged.';
comment on column contact_timeline.attempt_id is 'The attempt, so that an answer is found to what was said.';
