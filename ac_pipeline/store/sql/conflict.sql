-- A contact of the account that is none of ours has the address: it becomes one of ours that wants no address.
insert into engine.contact
select nextval('engine.contact_ids'), $user
where $user not in (select user_id from engine.contact);

delete from engine.desired
where property_id in (select property_id from engine.property where key = 'email')
    and contact_id in (select contact_id from engine.contact where user_id = $user);

insert into engine.remote_contact
select $account, contact_id, $holder, $email from engine.contact where user_id = $user;

insert into engine.conflict values ($account, $contact, $holder, $left, $now);
