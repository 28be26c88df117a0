-- Times are microseconds since 1970 in UTC. Ids count from 1 per table and are never used again.
create table if not exists contacts (
  id integer primary key autoincrement,
  email text not null,
  email_key text not null unique, -- for matching without case
  first_name text not null default '',
  last_name text not null default '',
  phone text not null default '',
  created_at integer not null,
  updated_at integer not null
) strict;

create table if not exists fields (
  id integer primary key autoincrement,
  title text not null,
  title_key text not null unique, -- for matching without case
  type text not null,
  descript text,
  isrequired text not null default '0',
  perstag text not null,
  defval text,
  show_in_list text not null default '0',
  rows text not null default '0',
  cols text not null default '0',
  visible text not null default '1',
  service text not null default '',
  ordernum integer not null,
  created_at integer not null,
  updated_at integer not null
) strict;

create table if not exists field_options (
  id integer primary key autoincrement,
  field integer not null references fields on delete cascade,
  label text not null,
  value text not null,
  orderid integer not null default 0,
  isdefault integer not null default 0,
  created_at integer not null,
  updated_at integer not null
) strict;

create index if not exists field_options_by_field on field_options (field);

create table if not exists field_rels (
  id integer primary key autoincrement,
  field integer not null references fields on delete cascade,
  relid integer not null, -- a list, or 0 for all lists
  created_at integer not null,
  unique (field, relid)
) strict;

create table if not exists field_values (
  id integer primary key autoincrement,
  contact integer not null references contacts on delete cascade,
  field integer not null references fields on delete cascade,
  value text not null,
  created_at integer not null,
  updated_at integer not null,
  unique (contact, field)
) strict;

create index if not exists field_values_by_field on field_values (field, value);

create table if not exists group_definitions (
  id integer primary key,
  type_id integer not null, -- 1 contact, 2 deal, 3 account
  label text not null
) strict;

create table if not exists group_members (
  id integer primary key autoincrement,
  rel_id integer not null references fields on delete cascade,
  group_id integer not null references group_definitions,
  ordernum integer not null,
  unique (rel_id, group_id)
) strict;

create table if not exists requests (
  id integer primary key autoincrement,
  arrived_at integer not null,
  method text not null,
  path text not null, -- values that may name a person are left out
  template text not null,
  status integer not null,
  bytes_in integer not null,
  bytes_out integer not null,
  throttled integer not null,
  duration_us integer not null
) strict;

create index if not exists requests_by_time on requests (arrived_at)
