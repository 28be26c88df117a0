select
    user_id,
    cast(sum(amount) as decimal(12, 2)) as lifetime_value,
    {{ now_utc() }} as computed_at
from {{ ref('orders') }}
group by user_id
having sum(amount) >= 200
