-- The one difference of this project, in ANSI form so that a warehouse can run it too.
-- old_values and new_values: (contact_id not null and unique, value not null).
select
    coalesce(new_values.contact_id, old_values.contact_id) as contact_id,
    old_values.value as old_value,
    new_values.value as new_value
from old_values
full outer join new_values on old_values.contact_id = new_values.contact_id
where old_values.value is distinct from new_values.value
