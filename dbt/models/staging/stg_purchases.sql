with timed as (

    select
        purchase_id,
        customer_id,
        cds,
        amount,
        -- The source has days only. A time of day from a hash is the same in every run and spread over the day.
        cast(purchased_on + cast({{ shift_days() }} as integer) as timestamp)
        + to_seconds(cast('0x' || substr(md5(cast(purchase_id as varchar)), 1, 8) as bigint) % 86400)
            as ordered_at
    from {{ ref('cdnow_purchases') }}

)

select
    purchase_id,
    'cdnow-' || customer_id as user_id,
    customer_id,
    ordered_at,
    cds,
    amount
from timed
where ordered_at <= {{ now_utc() }}
