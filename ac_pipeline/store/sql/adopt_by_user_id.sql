-- Input: same_user (contact_id, remote_id) and page (remote_id, email): who of them still exists, and where.
create or replace temp table adopted as
with desired_email as (
    select desired.contact_id, desired.value as email
    from engine.desired
    join engine.property on property.property_id = desired.property_id and property.key = 'email'
)
select
    same_user.contact_id, same_user.remote_id, page.email,
    count(*) over (partition by same_user.contact_id) as candidates
from same_user
join page on page.remote_id = same_user.remote_id
left join desired_email on desired_email.contact_id = same_user.contact_id
qualify row_number() over (
    partition by same_user.contact_id
    order by page.email is distinct from desired_email.email, try_cast(same_user.remote_id as bigint)
) = 1;

insert into engine.remote_contact
select $account_id, contact_id, remote_id, email from adopted order by contact_id;
