-- A page of the directory replaces what was known of its contacts and of its addresses: an address belongs to one
-- contact there, so that whoever had it before has another one now, or is gone.
delete from engine.directory using page
where directory.account_id = $account_id and directory.remote_id = page.remote_id;

delete from engine.directory using page
where directory.account_id = $account_id and directory.email = page.email and page.email <> '';

insert into engine.directory
select $account_id, remote_id, email
from page
qualify email = '' or row_number() over (partition by email order by try_cast(remote_id as bigint) desc) = 1
order by try_cast(remote_id as bigint);
