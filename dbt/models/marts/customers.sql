select
    user_id,
    cast('customer-' || customer_id || '@example.com' as varchar) as email,
    cast('Customer' as varchar) as first_name,
    customer_id as last_name,
    min(ordered_at) as created_at
from {{ ref('stg_purchases') }}
group by user_id, customer_id
