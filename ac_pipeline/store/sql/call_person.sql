-- What is known of one contact that a script speaks of.
with ledger_email as (
    select ledger.value
    from engine.ledger join engine.property on property.property_id = ledger.property_id and property.key = 'email'
    where ledger.account_id = $account and ledger.contact_id = $contact and ledger.state in ('unknown', 'acknowledged')
),
desired_field as (
    select
        any_value(desired.value) filter (where property.key = 'email') as email,
        coalesce(bool_or(property.key in ('first_name', 'last_name')), false) as has_name
    from engine.desired join engine.property on property.property_id = desired.property_id
    where desired.contact_id = $contact and property.kind = 'contacts'
)
select
    contact.user_id, remote.remote_id, remote.email,
    if(remote.contact_id is null, (select any_value(value) from ledger_email), null),
    desired_field.email, desired_field.has_name,
    exists (
        select 1 from engine.batch join engine.attempt on attempt.batch_id = batch.batch_id
        where attempt.contact_id = $contact and batch.account_id = $account
            and (batch.state = 'queued' or batch.state = 'lost' and batch.submitted_at > $may_still_come)
    )
from engine.contact
cross join desired_field
left join engine.remote_contact as remote
    on remote.contact_id = contact.contact_id and remote.account_id = $account
where contact.contact_id = $contact
