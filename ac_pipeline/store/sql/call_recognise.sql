-- Somebody who was known by the address alone is a user ($known) of whom no contact was known: what the one was told, the
-- other was.
delete from engine.ledger
where account_id = $account and contact_id = $person and property_id in (
    select property_id from engine.ledger where account_id = $account and contact_id = $known
);
update engine.ledger set contact_id = $known where account_id = $account and contact_id = $person;
update engine.remote_contact set contact_id = $known where account_id = $account and contact_id = $person;
update engine.event set contact_id = $known where contact_id = $person;
update engine.event_attempt set contact_id = $known where contact_id = $person;
update engine.event_outcome set contact_id = $known where contact_id = $person;
