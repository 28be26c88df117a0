-- Contacts of ours that are not known in the account, with those there that keep the same user id and are nobody's.
select contact.contact_id, remote_user.remote_id
from engine.contact
join engine.remote_user on remote_user.user_id = contact.user_id and remote_user.account_id = $account_id
where contact.contact_id in (select unnest($contacts::integer[]))
    and contact.contact_id not in (select contact_id from engine.remote_contact where account_id = $account_id)
    and remote_user.remote_id not in (select remote_id from engine.remote_contact where account_id = $account_id)
    -- A creation without an answer may have made another contact: somebody has to look first.
    and contact.contact_id not in (
        select contact_id from engine.ledger where account_id = $account_id and state = 'unknown'
    )
