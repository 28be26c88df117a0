-- What was written to each contact, kept by triggers, so that no way of writing can be forgotten. They do nothing
-- unless a cause is announced: what the control API does to the account was written by nobody.
create table if not exists journal_cause (id integer primary key check (id = 1), at integer not null, cause text not null) strict;

create table if not exists journal (
  id integer primary key autoincrement,
  contact integer not null, -- may be gone
  at integer not null,
  cause text not null, -- the request, or the import
  kind text not null, -- contact, field, tag, list
  name text not null,
  old text, -- null is nothing
  new text
) strict;

create index if not exists journal_by_contact on journal (contact);

create trigger if not exists journal_contact_new after insert on contacts when exists (select 1 from journal_cause) begin
  insert into journal (contact, at, cause, kind, name, old, new)
  select new.id, at, cause, 'contact', name, null, written from journal_cause, (
    select 'E-mail' as name, new.email as written union all select 'First name', new.first_name
    union all select 'Last name', new.last_name union all select 'Phone', new.phone
  ) where written <> '';
end;

create trigger if not exists journal_contact_changed after update on contacts when exists (select 1 from journal_cause) begin
  insert into journal (contact, at, cause, kind, name, old, new)
  select new.id, at, cause, 'contact', name, gone, written from journal_cause, (
    select 'E-mail' as name, old.email as gone, new.email as written
    union all select 'First name', old.first_name, new.first_name
    union all select 'Last name', old.last_name, new.last_name union all select 'Phone', old.phone, new.phone
  ) where gone <> written;
end;

create trigger if not exists journal_contact_gone after delete on contacts when exists (select 1 from journal_cause) begin
  insert into journal (contact, at, cause, kind, name, old, new)
  select old.id, at, cause, 'contact', 'E-mail', old.email, null from journal_cause;
end;

create trigger if not exists journal_value_new after insert on field_values when exists (select 1 from journal_cause) begin
  insert into journal (contact, at, cause, kind, name, old, new)
  select new.contact, at, cause, 'field', title, null, new.value
  from journal_cause, fields where fields.id = new.field;
end;

create trigger if not exists journal_value_changed after update on field_values
when old.value <> new.value and exists (select 1 from journal_cause) begin
  insert into journal (contact, at, cause, kind, name, old, new)
  select new.contact, at, cause, 'field', title, old.value, new.value
  from journal_cause, fields where fields.id = new.field;
end;

create trigger if not exists journal_value_gone after delete on field_values when exists (select 1 from journal_cause) begin
  insert into journal (contact, at, cause, kind, name, old, new)
  select old.contact, at, cause, 'field', title, old.value, null
  from journal_cause, fields where fields.id = old.field;
end;

create trigger if not exists journal_tag_new after insert on contact_tags when exists (select 1 from journal_cause) begin
  insert into journal (contact, at, cause, kind, name, old, new)
  select new.contact, at, cause, 'tag', tags.tag, null, 'on' from journal_cause, tags where tags.id = new.tag;
end;

create trigger if not exists journal_tag_gone after delete on contact_tags when exists (select 1 from journal_cause) begin
  insert into journal (contact, at, cause, kind, name, old, new)
  select old.contact, at, cause, 'tag', tags.tag, 'on', null from journal_cause, tags where tags.id = old.tag;
end;

create trigger if not exists journal_list_new after insert on contact_lists when exists (select 1 from journal_cause) begin
  insert into journal (contact, at, cause, kind, name, old, new)
  select new.contact, at, cause, 'list', lists.name, null, new.status from journal_cause, lists where lists.id = new.list;
end;

create trigger if not exists journal_list_changed after update on contact_lists
when old.status <> new.status and exists (select 1 from journal_cause) begin
  insert into journal (contact, at, cause, kind, name, old, new)
  select new.contact, at, cause, 'list', lists.name, old.status, new.status
  from journal_cause, lists where lists.id = new.list;
end;
