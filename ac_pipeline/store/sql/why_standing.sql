-- Every property of one contact now. Runs on a copy that holds this contact alone, after `pending` was computed there.
with newest as (
    select property_id, max(as_of) as as_of from engine.snapshot group by property_id
),
missing as (
    select key, any_value(reason) as reason
    from engine.not_computed where as_of = (select max(as_of) from engine.computed_window) group by key
),
past as (
    select property_id, min(valid_from) as began, max(valid_to) as ended from engine.history group by property_id
),
hold as (
    select property_id, any_value(reason) as reason, any_value(held_at) as held_at
    from engine.held where released_at is null group by property_id
),
flight as (
    select distinct value.property_id
    from engine.attempt
    join engine.attempt_value as value on value.attempt_id = attempt.attempt_id
    left join engine.outcome on outcome.attempt_id = attempt.attempt_id
    where outcome.attempt_id is null
),
planned as (select distinct property_id from engine.outbox_value),
trouble as (
    select key, list(distinct kind order by kind) as kinds from engine.problem
    where as_of = (select max(as_of) from engine.computed_window) group by key
)
select
    property.key, property.kind, property.declared, property.sent,
    desired.value as desired, ledger.state, ledger.value as told, ledger.reason, ledger.attempt_id,
    pending.value as target, pending.due,
    past.began, past.ended,
    hold.reason as held, missing.reason as not_computed,
    flight.property_id is not null as in_flight, planned.property_id is not null as planned,
    opt_out.reason as opt_out, coalesce(trouble.kinds, []) as problems
from engine.property
left join engine.desired on desired.property_id = property.property_id
left join engine.ledger on ledger.property_id = property.property_id
left join pending on pending.property_id = property.property_id
left join past on past.property_id = property.property_id
left join hold on hold.property_id = property.property_id
left join missing on missing.key = if(property.kind = 'contacts', 'contacts', property.key)
left join flight on flight.property_id = property.property_id
left join planned on planned.property_id = property.property_id
left join engine.opt_out on opt_out.property_id = property.property_id
left join trouble on trouble.key = if(property.kind = 'contacts', 'contacts', property.key)
order by property.property_id
