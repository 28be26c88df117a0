select
    purchase_id as order_id,
    user_id,
    ordered_at,
    cds,
    amount
from {{ ref('stg_purchases') }}
