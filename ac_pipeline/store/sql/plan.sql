-- One row per contact with something due: how it would be sent, or why it is withheld.
create or replace temp table judged_contact as
with due as (
    select
        contact_id,
        bool_or(kind in ('audience', 'tag') and value = 'false' or kind = 'list' and value = 'unsubscribed') as exits,
        bool_or(membership and value in ('true', 'active')) as enters,
        bool_or(key = 'email') as address_changes,
        bool_and(resend) filter (where due) as resent
    from pending
    group by contact_id
    having bool_or(due)
),
-- Whose address is known from before, although the contacts do not have them any more.
vanished as (
    select history.contact_id
    from engine.history join engine.property on property.property_id = history.property_id
    where property.key = 'email'
    group by history.contact_id having max(history.valid_to) < timestamp '9999-12-31'
),
-- Who becomes a contact if there is none: the settings decide, and a name may be asked for besides.
belongs as (
    select distinct desired.contact_id
    from engine.desired
    join engine.property on property.property_id = desired.property_id
    where property.declared and (
        property.kind = 'audience'
        and (property.sent or property.property_id in (select source_id from engine.source))
        or $for_traits and property.kind = 'trait'
        or $for_contacts and property.key = 'email' and desired.contact_id not in (select contact_id from vanished)
    )
),
desired_field as (
    select
        desired.contact_id,
        any_value(desired.value) filter (where property.key = 'email') as email,
        bool_or(property.key in ('first_name', 'last_name')) as has_name
    from engine.desired
    join engine.property on property.property_id = desired.property_id
    where property.kind = 'contacts'
    group by desired.contact_id
),
-- Addresses that contacts of ours have in the account, or may have after a request without an answer; an import may
-- have confirmed one without telling the contact's id.
attempted_address as (
    select ledger.contact_id, ledger.value as email
    from engine.ledger
    join engine.property on property.property_id = ledger.property_id
    left join engine.remote_contact as remote
        on remote.account_id = ledger.account_id and remote.contact_id = ledger.contact_id
    where property.key = 'email' and ledger.account_id = $account_id
        and (ledger.state = 'unknown' or ledger.state = 'acknowledged' and remote.contact_id is null)
),
told_address as (
    select contact_id, email from engine.remote_contact where account_id = $account_id
    union
    select contact_id, email from attempted_address
),
-- Told something, maybe: after a creation without an answer (`unsure`) the contact may exist or not until somebody
-- looks; an import may have acknowledged it without saying its id. What a person had marked (see store/again.py) was
-- answered once.
attempted as (
    select
        contact_id,
        bool_or(state = 'unknown' and not list_contains(['resend', 'retry'], coalesce(reason, ''))) as unsure
    from engine.ledger where account_id = $account_id and state <> 'rejected' group by contact_id
),
in_use as (
    select distinct desired_field.contact_id
    from desired_field
    join told_address on told_address.email = desired_field.email
    where told_address.contact_id <> desired_field.contact_id
),
-- Inside a bulk import that has not ended, or that may still come with values that are not the present ones.
in_batch as (
    select attempt.contact_id
    from engine.batch join engine.attempt on attempt.batch_id = batch.batch_id
    where batch.state = 'queued' and batch.account_id = $account_id
    union
    select attempt.contact_id
    from engine.batch
    join engine.attempt on attempt.batch_id = batch.batch_id
    join engine.attempt_value as said on said.attempt_id = attempt.attempt_id
    join pending on pending.contact_id = attempt.contact_id and pending.property_id = said.property_id
    where batch.state = 'lost' and batch.account_id = $account_id and batch.submitted_at > $may_still_come
        and pending.value <> said.value
    union
    -- An import finds people by the address they had: coming after a rename it would make a second contact.
    select attempt.contact_id
    from engine.batch
    join engine.attempt on attempt.batch_id = batch.batch_id
    join pending on pending.contact_id = attempt.contact_id and pending.key = 'email'
    where batch.state = 'lost' and batch.account_id = $account_id and batch.submitted_at > $may_still_come
        and pending.value <> attempt.email
),
judged as (
    select
        due.*, belongs.contact_id is not null as belongs, desired_field.email, remote.remote_id, remote.email as known_email,
        $may_create and belongs.contact_id is not null and (not $with_name or coalesce(desired_field.has_name, false)) as creatable,
        attempted.contact_id is not null as attempted, coalesce(attempted.unsure, false) as unsure, attempted_address.email as attempted_email,
        in_use.contact_id is not null as in_use, in_batch.contact_id is not null as in_batch
    from due
    left join belongs on belongs.contact_id = due.contact_id
    left join desired_field on desired_field.contact_id = due.contact_id
    left join engine.remote_contact as remote
        on remote.contact_id = due.contact_id and remote.account_id = $account_id
    left join attempted on attempted.contact_id = due.contact_id
    left join attempted_address on attempted_address.contact_id = due.contact_id
    left join in_use on in_use.contact_id = due.contact_id
    left join in_batch on in_batch.contact_id = due.contact_id
)
select
    contact_id,
    email,
    remote_id,
    remote_id is not null and (known_email <> email or address_changes) as renames,
    not creatable as must_exist,
    -- contact/sync finds people by their address: it would make a second contact of somebody whose address was changed
    -- over there, and make somebody again who was deleted. Whose id is known is told by it.
    if(remote_id is null, 'sync', 'update') as route,
    -- What is only said again comes last, together: an import has one answer to whether automations run.
    case when resent then 3 when exits then 0 when enters then 1 else 2 end as urgency,
    case
        when resent then 'resend'
        when remote_id is null then 'create'
        when exits then 'exit'
        when enters then 'enter'
        else 'change'
    end as reason,
    case
        when in_batch then 'in_batch'
        when remote_id is null
            and (
                attempted and not creatable or unsure and attempted_email is distinct from email
                or attempted_email <> email
            )
        then 'may_not_exist'
        when email is null then 'no_contact_row'
        -- Nobody lives at these domains (RFC 2606): what has them is invented, and a real account is spared it.
        when $real_account
            and regexp_matches(email, '[@.](example\.(com|net|org)|example|test|invalid|localhost)$')
        then 'reserved_domain'
        when in_use then 'address_in_use'
        when remote_id is not null or creatable then null
        when not $may_create then 'none_are_created'
        when not belongs then 'only_members_are_created'
        else 'no_name'
    end as withheld
from judged
