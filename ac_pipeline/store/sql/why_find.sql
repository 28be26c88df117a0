-- Whom a person means by a user id or an address, best first. Input: asked(user_id, email), one row.
with email as (select property_id from engine.property where kind = 'contacts' and key = 'email'),
found as (
    select contact.contact_id, 1 as rank, null::timestamp as until
    from engine.contact join asked on asked.user_id = contact.user_id
    union all
    select desired.contact_id, 2, null
    from engine.desired join email on email.property_id = desired.property_id join asked on asked.email = desired.value
    union all
    select remote.contact_id, 3, null
    from engine.remote_contact as remote join asked on asked.email = remote.email
    union all
    select history.contact_id, 4, history.valid_to
    from engine.history join email on email.property_id = history.property_id join asked on asked.email = history.value
    union all
    select attempt.contact_id, 5, attempt.attempted_at
    from engine.attempt join asked on asked.email = attempt.email
)
select found.contact_id, contact.user_id, found.rank
from found
join engine.contact on contact.contact_id = found.contact_id
qualify row_number() over (partition by found.contact_id order by found.rank, found.until desc) = 1
order by found.rank, found.until desc nulls first, found.contact_id
