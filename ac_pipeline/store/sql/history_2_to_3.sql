-- History was one table; what holds still goes into one, what is over into another, in the order in which it ended.
insert into engine.present
select property_id, contact_id, value, valid_from from engine.history_2
where valid_to = timestamp '9999-12-31' order by valid_from, property_id, contact_id;

insert into engine.past
select property_id, contact_id, value, valid_from, valid_to from engine.history_2
where valid_to < timestamp '9999-12-31' order by valid_to, property_id, valid_from, contact_id;

drop table engine.history_2;
