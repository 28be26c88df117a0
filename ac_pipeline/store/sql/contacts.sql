-- Which rows of the contacts count, and what is wrong with the others. Input: rows; one row each.
with usable as (
    select *, case
        when user_id is null then 'missing_user_id'
        when email is null then 'missing_email'
        when not regexp_full_match(email, $pattern) then 'invalid_email'
    end as broken
    from rows
),
per_user as (
    select *, row_number() over (
        partition by user_id
        order by broken is not null, email, first_name, last_name, phone, tags, tags_reset, lists
    ) as nth
    from usable
),
per_email as (
    select *, row_number() over (
        partition by email, broken is null and nth = 1 order by length(user_id), user_id
    ) as rank
    from per_user
)
select * exclude (broken, nth, rank), case
    when broken is not null then broken
    when nth > 1 then 'duplicate_user'
    when rank > 1 then 'duplicate_email'
end as fault
from per_email
