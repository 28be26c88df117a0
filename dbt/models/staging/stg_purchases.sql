with timed as (

    select
        purchase_id,
        customer_id,
        cds,
        amount,
        -- The source has days only. A time of day from a hash is the same in every run and spread over the day.
        cast(purchased_on + cast({{ shift_days() }} as integer) as timestamp)
        + interval '1 second' * ({{ hex_to_bigint("substr(md5(cast(purchase_id as varchar)), 1, 8)") }} % 86400)
            as ordered_at
    from {{ ref('cdnow_purchases') }}

)

select
    purchase_id,
    cast('cdnow-' || customer_id as varchar) as user_id,
    customer_id,
    ordered_at,
    cds,
    amount
from timed
where ordered_at <= {{ now_utc() }}
