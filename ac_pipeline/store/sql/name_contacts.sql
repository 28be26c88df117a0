-- Input: page (remote_id, email), contacts of the account that imports told the ids of.
create or replace temp table named as
select attempt.contact_id, page.remote_id, page.email
from engine.unnamed
join page on page.remote_id = unnamed.remote_id
join engine.attempt on attempt.batch_id = unnamed.batch_id and attempt.email = page.email
left join engine.remote_contact as own
    on own.account_id = unnamed.account_id and own.contact_id = attempt.contact_id
-- What a later answer said of the contact is newer.
where unnamed.account_id = $account and own.contact_id is null
qualify row_number() over (partition by attempt.contact_id order by attempt.attempt_id desc) = 1
order by attempt.contact_id;

insert into engine.remote_contact select $account, contact_id, remote_id, email from named;

delete from engine.unnamed where account_id = $account and remote_id in (select unnest($asked::varchar[]));
