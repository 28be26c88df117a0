select user_id, lifetime_value
from {{ ref('high_value') }}
where lifetime_value < 200
