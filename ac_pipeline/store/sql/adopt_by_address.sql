-- Contacts of ours that are not known in the account and whose desired address a contact there has.
create or replace temp table adopted as
with desired_email as (
    select desired.contact_id, desired.value as email
    from engine.desired
    join engine.property on property.property_id = desired.property_id and property.key = 'email'
),
-- A creation under another address, without an answer, may have made a contact: somebody has to look first.
elsewhere as (
    select ledger.contact_id
    from engine.ledger
    join engine.property on property.property_id = ledger.property_id and property.key = 'email'
    join desired_email on desired_email.contact_id = ledger.contact_id
    where ledger.account_id = $account_id and ledger.state = 'unknown' and ledger.value <> desired_email.email
)
select desired_email.contact_id, directory.remote_id, directory.email
from desired_email
join engine.directory on directory.email = desired_email.email and directory.account_id = $account_id
where desired_email.contact_id not in (select contact_id from elsewhere)
    and desired_email.contact_id not in (
        select contact_id from engine.remote_contact where account_id = $account_id
    )
    and directory.remote_id not in (select remote_id from engine.remote_contact where account_id = $account_id)
qualify row_number() over (partition by directory.remote_id order by desired_email.contact_id) = 1;

insert into engine.remote_contact
select $account_id, contact_id, remote_id, email from adopted order by contact_id;
