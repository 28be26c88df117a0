select order_id, ordered_at, cds, amount
from {{ ref('orders') }}
where
    cds not between 1 and 100
    or amount not between 0 and 10000
    or ordered_at > {{ now_utc() }}
