-- What people read in the published copy: who is and was in which audience, and which values they have and had.
-- Moments are UTC without a zone. Every view, and every column of one, has a comment; test_published_views.py holds it.

-- From when on everything is kept (see retention.py).
create or replace view engine.kept as
select coalesce(max(kept_from), timestamp '0001-01-01') as since from engine.retention;

-- A moment as the tables have it: one with a zone or an offset is that moment in UTC, whatever the session's zone is.
create or replace macro engine.utc(moment) as if(
    regexp_matches(moment::varchar, ':\d\d.*([zZ]|[+-]\d\d(:?\d\d)?)$'),
    make_timestamp(epoch_us(moment::timestamptz)), moment::timestamp
);

-- What is not kept is no empty answer.
create or replace macro engine.is_kept(moment) as (
    select if(
        moment < since,
        error('Nothing is kept from before ' || strftime(since, '%Y-%m-%d %H:%M') || ' UTC (HISTORY_RETENTION).'), true
    )
    from engine.kept
);

create or replace view members as
select audience.key as audience, contact.user_id, email.value as email, present.valid_from as member_since
from engine.present
join engine.property as audience on audience.property_id = present.property_id and audience.kind = 'audience'
join engine.contact on contact.contact_id = present.contact_id
left join engine.desired as email
    on email.property_id = (select property_id from engine.property where key = 'email')
    and email.contact_id = present.contact_id;
comment on view members is 'Who is a member of which audience now (newest computed window), and since when.';
comment on column members.audience is 'Key of the audience: the name of its file.';
comment on column members.user_id is 'The user id of your contacts; their e-mail address where they have none.';
comment on column members.email is 'The address as last known; null for a member without a row in the contacts.';
comment on column members.member_since is 'End of the window in which the member entered; UTC.';

create or replace macro members_at(moment) as table
select audience.key as audience, contact.user_id, email.value as email, history.valid_from as member_since
from engine.history
join engine.property as audience on audience.property_id = history.property_id and audience.kind = 'audience'
join engine.contact on contact.contact_id = history.contact_id
left join engine.desired as email
    on email.property_id = (select property_id from engine.property where key = 'email')
    and email.contact_id = history.contact_id
where history.valid_from <= engine.utc(moment) and history.valid_to > engine.utc(moment)
    and engine.is_kept(engine.utc(moment));
comment on macro table members_at is
    'members as of a moment, by the newest window that ended by then; a moment without a zone is UTC. The address is the last known one.';

create or replace view trait_values as
select trait.key as trait, contact.user_id, present.value, present.valid_from as since
from engine.present
join engine.property as trait on trait.property_id = present.property_id and trait.kind = 'trait'
join engine.contact on contact.contact_id = present.contact_id;
comment on view trait_values is 'The value of each computed trait now, as text, and since when.';
comment on column trait_values.trait is 'Key of the computed trait: the name of its file.';
comment on column trait_values.user_id is 'The user id of your contacts; their e-mail address where they have none.';
comment on column trait_values.value is 'As text; cast it to compute with it: value::double.';
comment on column trait_values.since is 'End of the window from which on it had this value; UTC.';

create or replace macro trait_values_at(moment) as table
select trait.key as trait, contact.user_id, history.value, history.valid_from as since
from engine.history
join engine.property as trait on trait.property_id = history.property_id and trait.kind = 'trait'
join engine.contact on contact.contact_id = history.contact_id
where history.valid_from <= engine.utc(moment) and history.valid_to > engine.utc(moment)
    and engine.is_kept(engine.utc(moment));
comment on macro table trait_values_at is
    'trait_values as of a moment, by the newest window that ended by then; a moment without a zone is UTC.';

create or replace view membership_changes as
select moved.as_of, audience.key as audience, contact.user_id, moved.change
from (
    select property_id, contact_id, valid_from as as_of, 'entered' as change from engine.history
    union all
    select property_id, contact_id, valid_to, 'exited' from engine.past
) as moved
join engine.property as audience on audience.property_id = moved.property_id and audience.kind = 'audience'
join engine.snapshot on snapshot.property_id = moved.property_id and snapshot.as_of = moved.as_of
join engine.contact on contact.contact_id = moved.contact_id
where moved.as_of >= (select since from engine.kept);
comment on view membership_changes is 'Who entered or exited which audience in the window that ended at as_of.';
comment on column membership_changes.as_of is 'End of the window, UTC; see windows.';
comment on column membership_changes.audience is 'Key of the audience.';
comment on column membership_changes.user_id is 'The user id of your contacts; their e-mail address where they have none.';
comment on column membership_changes.change is 'entered or exited; in the first window of an audience everybody entered.';

-- What began and what ended at a moment, put together; no join of both, so that one contact is found fast.
create or replace view trait_changes as
select
    moved.as_of, trait.key as trait, contact.user_id, any_value(moved.old_value) as old_value,
    any_value(moved.new_value) as new_value
from (
    select property_id, contact_id, valid_from as as_of, null as old_value, value as new_value from engine.history
    union all
    select property_id, contact_id, valid_to, value, null from engine.past
) as moved
join engine.property as trait on trait.property_id = moved.property_id and trait.kind = 'trait'
join engine.snapshot on snapshot.property_id = moved.property_id and snapshot.as_of = moved.as_of
join engine.contact on contact.contact_id = moved.contact_id
where moved.as_of >= (select since from engine.kept)
group by moved.as_of, trait.key, contact.user_id;
comment on view trait_changes is 'Old and new value of computed traits that changed in the window that ended at as_of.';
comment on column trait_changes.as_of is 'End of the window, UTC; see windows.';
comment on column trait_changes.trait is 'Key of the computed trait.';
comment on column trait_changes.user_id is 'The user id of your contacts; their e-mail address where they have none.';
comment on column trait_changes.old_value is 'As text; null when there was none.';
comment on column trait_changes.new_value is 'As text; null when there is none any more.';

create or replace view audience_sizes as
select
    snapshot.as_of, audience.key as audience, snapshot.contacts as members,
    if(snapshot.as_of >= kept.since, coalesce(entered.contacts, 0), null) as entered,
    if(snapshot.as_of >= kept.since, coalesce(exited.contacts, 0), null) as exited
from engine.snapshot
join engine.property as audience on audience.property_id = snapshot.property_id and audience.kind = 'audience'
left join (
    select property_id, valid_from as as_of, count(*) as contacts from engine.history group by all
) as entered on entered.property_id = snapshot.property_id and entered.as_of = snapshot.as_of
left join (
    select property_id, valid_to as as_of, count(*) as contacts from engine.past group by all
) as exited on exited.property_id = snapshot.property_id and exited.as_of = snapshot.as_of
cross join engine.kept;
comment on view audience_sizes is 'Members of each audience per computed window, and who entered and exited since the one before.';
comment on column audience_sizes.as_of is 'End of the window, UTC; see windows.';
comment on column audience_sizes.audience is 'Key of the audience.';
comment on column audience_sizes.members is 'How many were members then.';
comment on column audience_sizes.entered is 'How many entered in this window; null where the window before is not kept any more.';
comment on column audience_sizes.exited is 'How many exited in this window; null where the window before is not kept any more.';

create or replace view overlap as
with member_of as (
    select present.contact_id, list_sort(list(present.property_id)) as audiences
    from engine.present
    join engine.property as audience on audience.property_id = present.property_id and audience.kind = 'audience'
    group by present.contact_id
),
-- Few combinations are held by many contacts.
combination as (
    select audiences, count(*) as contacts from member_of group by audiences
),
pair as (
    select one.property_id as one, other.property_id as other, sum(combination.contacts)::bigint as contacts
    from combination
    cross join unnest(combination.audiences) as one(property_id)
    cross join unnest(combination.audiences) as other(property_id)
    group by all
),
audience as (
    select pair.one as property_id, property.key, pair.contacts as members
    from pair join engine.property on property.property_id = pair.one
    where pair.one = pair.other
)
select
    audience.key as audience, other.key as other, coalesce(pair.contacts, 0) as in_both,
    coalesce(pair.contacts, 0) / audience.members as share
from audience
join audience as other on other.property_id <> audience.property_id
left join pair on pair.one = audience.property_id and pair.other = other.property_id;
comment on view overlap is 'For each two audiences that have members now: how many are members of both. Each pair stands there twice.';
comment on column overlap.audience is 'Key of the audience.';
comment on column overlap.other is 'Key of the audience it is compared with.';
comment on column overlap.in_both is 'How many contacts are members of both.';
comment on column overlap.share is 'The part of audience that is also in other: 0 to 1.';

create or replace view windows as
select as_of, started_at as window_start, run_id, computed_at from engine.computed_window;
comment on view windows is 'The windows that were computed and are kept; a window is the time between two ticks of the schedule.';
comment on column windows.as_of is 'End of the window: the moment its snapshot describes; UTC.';
comment on column windows.window_start is 'Start of the window, UTC.';
comment on column windows.run_id is 'The run that computed it last; see runs.';
comment on column windows.computed_at is 'When it was computed last, UTC.';

create or replace view not_computed as
select as_of, key as declaration, reason from engine.not_computed;
comment on view not_computed is 'Declarations that are unknown for a window, and why; what they were before still counts there.';
comment on column not_computed.as_of is 'End of the window, UTC; see windows.';
comment on column not_computed.declaration is 'Key of the audience or trait, or contacts.';
comment on column not_computed.reason is 'Why there is no result.';

create or replace view problems as
select as_of, key as declaration, kind, user_id, rows from engine.problem;
comment on view problems is 'Rows of the warehouse that could not be used; rows without a user id are counted in one line.';
comment on column problems.as_of is 'End of the window, UTC: the newest in which the declaration had a result.';
comment on column problems.declaration is 'Key of the audience or trait, or contacts.';
comment on column problems.kind is 'What is wrong, for instance missing_email, invalid_value or duplicate_user.';
comment on column problems.user_id is 'Whose row it is; null for rows that do not say it.';
comment on column problems.rows is 'How many such rows there are.';
