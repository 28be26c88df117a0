-- Bring the ledger up to date with attempts and outcomes that were recorded since the last fold.
create or replace temp table fresh as
with answered as (
    select
        attempt.attempt_id, attempt.account_id, attempt.contact_id, attempt.step, attempt.route, attempt.email,
        outcome.outcome, outcome.status, outcome.reason, outcome.remote_id
    from engine.attempt
    join engine.outcome on outcome.attempt_id = attempt.attempt_id
    where outcome.outcome_id > (select coalesce(max(outcome_id), 0) from engine.folded)
        and outcome.outcome <> 'not_sent'
)
select
    answered.*,
    -- A contact whose fields are refused is refused as a whole, and with it the steps that never came.
    step <> 0 and contact_id not in (select contact_id from answered where step = 0 and outcome = 'rejected') as alone
from answered;

-- A contact that answers under another id was deleted over there: nothing it was told before can be relied on.
create or replace temp table doubted as
select fresh.account_id, fresh.contact_id
from fresh
join engine.remote_contact as remote
    on remote.account_id = fresh.account_id and remote.contact_id = fresh.contact_id
where fresh.outcome = 'acknowledged' and fresh.remote_id <> remote.remote_id;

update engine.ledger set state = 'unknown'
from doubted
where ledger.account_id = doubted.account_id and ledger.contact_id = doubted.contact_id;

-- So was one that is not found under its id, whatever its earlier steps were answered.
create or replace temp table vanished as
select account_id, contact_id, max(attempt_id) as attempt_id
from fresh where status = 404 and outcome = 'unknown' group by all;

update engine.ledger set state = 'unknown'
from vanished
where ledger.account_id = vanished.account_id and ledger.contact_id = vanished.contact_id;

create or replace temp table latest as
select fresh.account_id, fresh.contact_id, value.property_id,
    if(fresh.attempt_id < vanished.attempt_id, 'unknown', fresh.outcome) as outcome, value.value, fresh.reason,
    fresh.alone, fresh.attempt_id
from fresh
join engine.attempt_value as value on value.attempt_id = fresh.attempt_id
left join vanished on vanished.account_id = fresh.account_id and vanished.contact_id = fresh.contact_id
qualify row_number() over (
    partition by fresh.account_id, fresh.contact_id, value.property_id order by fresh.attempt_id desc
) = 1;

-- A resend without a certain end is still one, so that its repetition starts no automations either.
create or replace temp table resent as
select ledger.account_id, ledger.contact_id, ledger.property_id
from engine.ledger
join latest on latest.account_id = ledger.account_id and latest.contact_id = ledger.contact_id
    and latest.property_id = ledger.property_id
where ledger.state = 'unknown' and ledger.reason = 'resend' and ledger.value = latest.value
    and latest.outcome = 'unknown' and not list_contains($not_taken, latest.reason);

delete from engine.ledger using latest
where ledger.account_id = latest.account_id and ledger.contact_id = latest.contact_id
    and ledger.property_id = latest.property_id;

insert into engine.ledger
select latest.account_id, latest.contact_id, latest.property_id, latest.outcome, latest.value,
    if(resent.contact_id is null, latest.reason, 'resend'), latest.alone and latest.outcome = 'rejected',
    latest.attempt_id
from latest
left join resent on resent.account_id = latest.account_id and resent.contact_id = latest.contact_id
    and resent.property_id = latest.property_id
order by latest.contact_id, latest.property_id;

create or replace temp table known as
select fresh.account_id, fresh.contact_id, arg_max(fresh.remote_id, fresh.attempt_id) as remote_id,
    arg_max(fresh.email, fresh.attempt_id) as email
from fresh
left join vanished on vanished.account_id = fresh.account_id and vanished.contact_id = fresh.contact_id
where fresh.outcome = 'acknowledged' and fresh.remote_id is not null
    and fresh.attempt_id > coalesce(vanished.attempt_id, 0)
group by all;

delete from engine.remote_contact using known
where remote_contact.account_id = known.account_id and remote_contact.contact_id = known.contact_id;

create or replace temp table gone as
select remote.remote_id
from vanished
join engine.remote_contact as remote
    on remote.account_id = vanished.account_id and remote.contact_id = vanished.contact_id
left join known on known.account_id = vanished.account_id and known.contact_id = vanished.contact_id
where known.contact_id is null;

delete from engine.directory using gone where directory.remote_id = gone.remote_id;
delete from engine.remote_user using gone where remote_user.remote_id = gone.remote_id;

delete from engine.remote_contact using vanished
where remote_contact.account_id = vanished.account_id and remote_contact.contact_id = vanished.contact_id;

insert into engine.remote_contact select account_id, contact_id, remote_id, email from known;

-- Who may not be subscribed is remembered until a subscription is confirmed.
create or replace temp table subscribed as
select latest.account_id, latest.contact_id, latest.property_id, latest.outcome, latest.reason
from latest join engine.property on property.property_id = latest.property_id
where property.kind = 'list' and latest.value = 'active';

delete from engine.opt_out using subscribed
where opt_out.account_id = subscribed.account_id and opt_out.contact_id = subscribed.contact_id
    and opt_out.property_id = subscribed.property_id and (subscribed.outcome = 'acknowledged' or list_contains($opt_outs, subscribed.reason));

insert into engine.opt_out
select account_id, contact_id, property_id, reason, $now
from subscribed where outcome = 'rejected' and list_contains($opt_outs, reason);

-- Sent is sent: what was acknowledged or refused leaves the outbox.
delete from engine.outbox_value using fresh where outbox_value.contact_id = fresh.contact_id;
delete from engine.outbox using fresh where outbox.contact_id = fresh.contact_id;

create or replace temp table reached as
select coalesce(
    min(attempt.attempt_id) filter (where outcome.attempt_id is null) - 1,
    max(attempt.attempt_id),
    (select max(attempt_id) from engine.folded)
) as attempt_id
from engine.attempt
left join engine.outcome on outcome.attempt_id = attempt.attempt_id
where attempt.attempt_id > (select coalesce(max(attempt_id), 0) from engine.folded);

create or replace temp table folded_up_to as
select
    coalesce((select max(outcome_id) from engine.outcome), 0) as outcome_id,
    coalesce((select attempt_id from reached), 0) as attempt_id;

delete from engine.folded;
insert into engine.folded select outcome_id, attempt_id from folded_up_to;
