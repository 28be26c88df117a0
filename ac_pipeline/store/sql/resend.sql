-- What was acknowledged of these properties, and of the tags and lists they speak through, becomes unknown.
create or replace temp table spoken_again as
with chosen as (
    select property_id from engine.property where list_contains($keys, key)
),
through as (
    select property_id from chosen
    union
    select source.property_id from engine.source join chosen on chosen.property_id = source.source_id
)
select property_id from through
union
-- One list over there may be known here by its name and by its id.
select same.property_id
from through
join engine.property as list on list.property_id = through.property_id and list.kind = 'list'
join engine.catalog as named on named.property_id = list.property_id and named.account_id = $account_id
join engine.catalog as same on same.remote_id = named.remote_id and same.account_id = $account_id
join engine.property as alias on alias.property_id = same.property_id and alias.kind = 'list';

update engine.ledger set state = 'unknown', reason = 'resend'
from spoken_again
where ledger.property_id = spoken_again.property_id and ledger.account_id = $account_id
    and ledger.state = 'acknowledged';
