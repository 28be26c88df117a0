select
    user_id,
    'customer-' || customer_id || '@example.com' as email,
    'Customer' as first_name,
    customer_id as last_name,
    min(ordered_at) as created_at
from {{ ref('stg_purchases') }}
group by user_id, customer_id
