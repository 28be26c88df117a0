-- What people read about events in the published copy.
create or replace view events as
select
    stream.key as stream, stream.kind, contact.user_id, event.email, event.route, event.name as event, event.value,
    event.occurred_at, event.state, event.reason, attempted.attempts, attempted.last_attempt_at, event.taken_at,
    event.settled_at
from engine.event
join engine.stream on stream.stream_id = event.stream_id
left join engine.contact on contact.contact_id = event.contact_id
left join (
    select event_id, count(*) as attempts, max(attempted_at) as last_attempt_at from engine.event_attempt group by event_id
) as attempted on attempted.event_id = event.event_id;
comment on view events is 'Events of people: those of event streams, audiences entered and exited, enrolments; where each stands, and why.';
comment on column events.stream is 'Key of the event stream or audience.';
comment on column events.kind is 'stream, audience (Audience Entered and Exited), automation (an enrolment) or call (told by a script).';
comment on column events.user_id is 'Whose event it is; empty while the e-mail address is nobody''s.';
comment on column events.email is 'The address of a row that has no user id.';
comment on column events.route is 'event, visit or enrol.';
comment on column events.event is 'Name of the event, or of the automation.';
comment on column events.value is 'What is sent with it; of a visit, the page.';
comment on column events.occurred_at is 'When it happened, UTC; ActiveCampaign notes when it was told.';
comment on column events.state is 'pending, waiting, sent, unknown (it may or may not have arrived), rejected or dropped.';
comment on column events.reason is 'Why it is not sent.';
comment on column events.attempts is 'How often it was attempted.';
comment on column events.last_attempt_at is 'When it was attempted last, UTC.';
comment on column events.taken_at is 'When it was read from the warehouse, or noticed, UTC.';
comment on column events.settled_at is 'When it was over, UTC; empty while something is still to be done.';
