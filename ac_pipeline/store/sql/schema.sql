-- What the pipeline keeps. Moments are UTC without a zone; ids are dense, from 1, never reused.
create schema if not exists engine;

create sequence if not exists engine.contact_ids;
create sequence if not exists engine.property_ids;
create sequence if not exists engine.attempt_ids;
create sequence if not exists engine.batch_ids;
create sequence if not exists engine.outcome_ids;

create table if not exists engine.version (version integer not null);

create table if not exists engine.account (
    account_id integer not null, host varchar not null, name varchar, bound_at timestamp not null
);

-- One row per run. `running` is true only while the run's process holds the store's lock.
create table if not exists engine.run (
    run_id varchar not null, kind varchar not null, started_at timestamp not null,
    finished_at timestamp, state varchar not null, summary json
);

-- A property is what one value hangs on: a column of the contacts, an audience, a trait, a tag or a list.
-- `to_false`: its declaration is gone and a person asked that its members be told so.
create table if not exists engine.property (
    property_id integer not null, kind varchar not null, key varchar not null, name varchar not null,
    value_type varchar not null, description varchar, declared boolean not null, sent boolean not null,
    nulls varchar not null, explicit_false boolean not null, to_false boolean not null
);

-- Which audience, or column of the contacts, says something by way of a tag or a list.
create table if not exists engine.source (
    source_id integer not null, property_id integer not null, unsubscribe_on_exit boolean not null,
    resubscribe boolean not null
);

create table if not exists engine.contact (contact_id integer not null, user_id varchar not null);

-- "window" is a reserved word in some dialects; a row is one computed time partition.
create table if not exists engine.computed_window (
    as_of timestamp not null, started_at timestamp not null, run_id varchar not null, computed_at timestamp not null
);

-- Which property was computed for which window, and how many contacts had a value.
create table if not exists engine.snapshot (
    property_id integer not null, as_of timestamp not null, run_id varchar not null,
    computed_at timestamp not null, contacts bigint not null
);

-- Which declaration is unknown for a window, and why.
create table if not exists engine.not_computed (
    key varchar not null, as_of timestamp not null, run_id varchar not null, reason varchar not null
);

-- Rows of the warehouse that could not be used, per window.
create table if not exists engine.problem (
    as_of timestamp not null, key varchar not null, kind varchar not null, user_id varchar,
    rows bigint not null
);

-- The value a contact had from one computed window until another: touching equal rows are one. What holds still is kept
-- apart from what is over, because each window closes some rows of the former, and adds to the latter in the order in
-- which values ended: a moment is then found in few of its blocks. `history` is both together.
create table if not exists engine.present (
    property_id integer not null, contact_id integer not null, value varchar not null, valid_from timestamp not null
);
create table if not exists engine.past (
    property_id integer not null, contact_id integer not null, value varchar not null,
    valid_from timestamp not null, valid_to timestamp not null
);
create or replace view engine.history as
select property_id, contact_id, value, valid_from, timestamp '9999-12-31' as valid_to from engine.present
union all
select property_id, contact_id, value, valid_from, valid_to from engine.past;

-- The latest approved values: what ActiveCampaign should be told.
create table if not exists engine.desired (
    property_id integer not null, contact_id integer not null, value varchar not null
);

create table if not exists engine.approval (
    property_id integer not null, as_of timestamp not null, approved_at timestamp not null, run_id varchar not null
);

-- What the guard stopped; the newest row of a property counts while released_at is null.
create table if not exists engine.held (
    property_id integer not null, as_of timestamp not null, reason varchar not null,
    contacts_before bigint not null, contacts_after bigint not null, exits bigint not null,
    held_at timestamp not null, released_at timestamp
);

-- Which custom field, tag or list of the account carries a property.
create table if not exists engine.catalog (
    account_id integer not null, property_id integer not null, remote_id varchar not null
);

-- Which contact of the account is which of ours, and the address it is known to have there.
create table if not exists engine.remote_contact (
    account_id integer not null, contact_id integer not null, remote_id varchar not null, email varchar not null
);

-- Contacts the account has, as far as it was asked, and user ids it keeps; `reading` says how far.
create table if not exists engine.directory (
    account_id integer not null, remote_id varchar not null, email varchar not null
);
create table if not exists engine.remote_user (
    account_id integer not null, remote_id varchar not null, user_id varchar not null
);
create table if not exists engine.reading (
    account_id integer not null, what varchar not null, cursor varchar not null, as_of timestamp not null,
    complete boolean not null
);

-- Who opted out of a list, bounced, or did not confirm; `reason` is why they are not subscribed.
create table if not exists engine.opt_out (
    account_id integer not null, contact_id integer not null, property_id integer not null, reason varchar not null,
    found_at timestamp not null
);

-- A new address that another contact of the account had already: which contact is the user's now, and which was.
create table if not exists engine.conflict (
    account_id integer not null, contact_id integer not null, kept_remote_id varchar not null,
    left_remote_id varchar not null, noted_at timestamp not null
);

-- What a sync will do, made anew by each plan: one row per contact and step. `position` is the contact's;
-- `revision` names the content. Step 0 brings the fields, 1 takes tags off, later ones bring tags and lists.
create table if not exists engine.outbox (
    position bigint not null, contact_id integer not null, step integer not null, revision varchar not null,
    route varchar not null, reason varchar not null, remote_id varchar, must_exist boolean not null, email varchar not null,
    payload varchar not null using compression zstd
);
create table if not exists engine.outbox_value (
    contact_id integer not null, step integer not null, property_id integer not null, value varchar not null
);

-- Contacts with something to say that may not be sent now, and why.
create table if not exists engine.withheld (contact_id integer not null, reason varchar not null);

-- The ledger: attempts are written before the request, outcomes after; neither is ever changed.
create table if not exists engine.attempt (
    attempt_id bigint not null, account_id integer not null, contact_id integer not null, step integer not null,
    batch_id bigint, run_id varchar not null, route varchar not null, email varchar not null, revision varchar not null, attempted_at timestamp not null
);
-- A bulk import: its contacts are attempts with its number. `remote_id` is the service's own, by which it is asked how
-- it went; `state` is submitted, queued, over or lost (nobody can be asked any more).
create table if not exists engine.batch (
    batch_id bigint not null, account_id integer not null, remote_id varchar, state varchar not null,
    queued integer, exclude_automations boolean not null, submitted_at timestamp not null
);
create table if not exists engine.attempt_value (
    attempt_id bigint not null, property_id integer not null, value varchar not null
);
create table if not exists engine.outcome (
    outcome_id bigint not null, attempt_id bigint not null, outcome varchar not null, status integer, reason varchar, remote_id varchar,
    answered_at timestamp not null
);

-- What follows from attempts and outcomes, one row per account, contact and property.
-- `alone`: what was refused is this value, not the contact; it does not go along when another value is sent.
create table if not exists engine.ledger (
    account_id integer not null, contact_id integer not null, property_id integer not null,
    state varchar not null, value varchar not null, reason varchar, alone boolean not null,
    attempt_id bigint not null
);
-- How far that is done: all outcomes up to one, and an attempt up to which every one has an outcome.
create table if not exists engine.folded (outcome_id bigint not null, attempt_id bigint not null);

-- Contacts of the account that a bulk import told only the ids of, until their addresses are read.
create table if not exists engine.unnamed (
    account_id integer not null, batch_id bigint not null, remote_id varchar not null
);

-- From which computed window on everything is kept; no row while nothing was ever forgotten (see retention.py).
create table if not exists engine.retention (kept_from timestamp not null);

-- What happens once and is told once: rows of event streams, audiences entered and left, enrolments in automations.
create sequence if not exists engine.stream_ids;
create sequence if not exists engine.event_ids;
create sequence if not exists engine.event_attempt_ids;
create sequence if not exists engine.event_outcome_ids;

-- Where such events come from. `kind` is stream (a file of events/), audience (its entries and exits) or automation
-- (enrolments by an audience); `property_id` is the audience's. Only what came after `begun_at` is told; readings begin
-- `overlap` before `cursor_at`, the newest row so far, and never before `forgotten_at`: what was told by then is not
-- known any more.
create table if not exists engine.stream (
    stream_id integer not null, kind varchar not null, key varchar not null, call varchar not null,
    declared boolean not null, property_id integer, unknown_contacts varchar not null, wait_seconds bigint not null,
    after_doubt varchar not null, begun_at timestamp, cursor_at timestamp, forgotten_at timestamp, read_at timestamp
);

-- One row per event; `source_id` is its id in its stream. `settled_at`: nothing more will be done about it.
-- `route` is event, visit or enrol; `state` is pending, waiting, sent, unknown, rejected or dropped.
create table if not exists engine.event (
    event_id bigint not null, stream_id integer not null, source_id varchar not null, route varchar not null,
    name varchar not null, value varchar, referrer varchar, contact_id integer, email varchar,
    occurred_at timestamp, cursor_at timestamp, taken_at timestamp not null, state varchar not null, reason varchar,
    settled_at timestamp
);

-- Whose membership was told last as entered, by an audience's events or by an enrolment.
create table if not exists engine.said_member (stream_id integer not null, contact_id integer not null);

-- As the ledger: attempts are written before the request, outcomes after. What a look at the account showed of an
-- attempt without a certain answer is another outcome of it.
create table if not exists engine.event_attempt (
    attempt_id bigint not null, account_id integer not null, event_id bigint not null, contact_id integer not null,
    run_id varchar not null, attempted_at timestamp not null
);
create table if not exists engine.event_outcome (
    outcome_id bigint not null, attempt_id bigint not null, contact_id integer not null, outcome varchar not null,
    status integer, reason varchar, remote_id varchar, answered_at timestamp not null
);

-- Names of events and domains of pages that the account is known to have.
create table if not exists engine.announced (
    account_id integer not null, kind varchar not null, name varchar not null
);
