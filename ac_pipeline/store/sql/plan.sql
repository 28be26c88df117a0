-- Nobody is subscribed by bulk import to a list whose opt-outs were not read in this run.
create temp table if not exists checked_list (property_id integer);

-- What a property is, asked for each of many values.
create or replace temp table property_way as
select
    property_id, kind, key,
    kind = 'list' as is_list, kind = 'tag' as is_tag, key = 'tags_reset' as is_reset,
    kind in ('audience', 'tag') as is_membership, key = 'email' as is_email,
    property_id in (select property_id from checked_list) as is_checked
from engine.property;

-- A view: of many values few are asked for, except once. `in_bulk`: an import can say it. `requests`: of a single
-- call; a subscription is looked at first, taking tags off starts with reading them.
create or replace temp view way as
select
    pending.*, property_way.* exclude (property_id),
    case
        when is_reset then false
        when is_tag then value = 'true'
        when is_list then value = 'unsubscribed' or not resubscribe and is_checked
        else value <> ''
    end as in_bulk,
    case when is_reset then 2 when is_list and value = 'active' and not resubscribe then 2 when is_tag or is_list then 1
    else 0 end as requests
from pending_value as pending join property_way on property_way.property_id = pending.property_id;

-- One row per contact with something due. `saved`: single calls that an import spares; `left_over`: it leaves some.
create or replace temp table due_contact as
select
    contact_id,
    bool_or(is_membership and value = 'false' or is_list and value = 'unsubscribed') as exits,
    bool_or(membership and value in ('true', 'active')) as enters,
    bool_or(is_email) as address_changes,
    bool_and(resend) filter (where due) as resent,
    sum(requests) filter (where in_bulk)
    + bool_or(in_bulk and not is_tag and not is_list)::integer
    - bool_or(not in_bulk and not is_tag and not is_list and not is_reset)::integer as saved,
    sum(strlen(value)) as bytes,
    bool_or(not in_bulk) as left_over
from way
group by contact_id
having bool_or(due);

-- How each of them would be sent, or why it is withheld.
create or replace temp table judged_contact as
-- Whose address is known from before, although the contacts do not have them any more.
with vanished as (
    select history.contact_id
    from engine.history join engine.property on property.property_id = history.property_id
    where property.key = 'email'
    group by history.contact_id having max(history.valid_to) < timestamp '9999-12-31'
),
-- What is desired of them. Who `belongs` becomes a contact if there is none: the settings decide, and a name may be
-- asked for besides.
described as (
    select
        property_id, kind = 'contacts' and key = 'email' as is_email,
        kind = 'contacts' and key in ('first_name', 'last_name') as is_name,
        declared and (
            kind = 'audience' and (sent or property_id in (select source_id from engine.source))
            or $for_traits and kind = 'trait'
        ) as makes_contacts,
        $for_contacts and declared and key = 'email' as makes_present
    from engine.property
),
desired_field as (
    select desired.contact_id, any_value(desired.value) filter (where is_email) as email, bool_or(is_name) as has_name
    from engine.desired
    join described on described.property_id = desired.property_id and (is_email or is_name)
    where desired.contact_id in (select contact_id from due_contact)
    group by desired.contact_id
),
belongs as (
    -- Who enters an audience is in one.
    select contact_id from due_contact where enters
    union
    select desired.contact_id
    from engine.desired
    join described on described.property_id = desired.property_id and (makes_contacts or makes_present)
    where desired.contact_id in (select contact_id from due_contact where not enters)
        and (makes_contacts or desired.contact_id not in (select contact_id from vanished))
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
        and exists (select 1 from due_contact)
),
told_address as (
    select contact_id, email from engine.remote_contact
    where account_id = $account_id and exists (select 1 from due_contact)
    union all
    select contact_id, email from attempted_address
),
-- Told something, maybe: after a creation without an answer (`unsure`) the contact may exist or not until somebody
-- looks; an import may have acknowledged it without saying its id. What a person had marked (see store/again.py) was
-- answered once.
attempted as (
    select
        contact_id,
        bool_or(state = 'unknown' and not list_contains(['resend', 'retry'], coalesce(reason, ''))) as unsure
    from engine.ledger
    where account_id = $account_id and state <> 'rejected' and contact_id in (
        select contact_id from due_contact
        where contact_id not in (select contact_id from engine.remote_contact where account_id = $account_id)
    )
    group by contact_id
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
        due.*, belongs.contact_id is not null as belongs, desired_field.email, remote.remote_id,
        remote.email as known_email,
        $may_create and belongs.contact_id is not null and (not $with_name or coalesce(desired_field.has_name, false))
            as creatable,
        attempted.contact_id is not null as attempted, coalesce(attempted.unsure, false) as unsure, attempted_address.email as attempted_email,
        in_use.contact_id is not null as in_use, in_batch.contact_id is not null as in_batch
    from due_contact as due
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
    saved, bytes, left_over,
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
