-- Times are microseconds since 1970 in UTC. Ids count from 1 per table and are never used again.
create table if not exists contacts (
  id integer primary key autoincrement,
  email text not null,
  email_key text not null unique, -- for matching without case
  first_name text not null default '',
  last_name text not null default '',
  phone text not null default '',
  org_id integer not null default 0, -- the customer account bulk import linked it to
  org_name text not null default '',
  account_contact integer, -- the id of that link
  created_at integer not null,
  updated_at integer not null
) strict;

create table if not exists deleted_contacts (
  email_key text primary key,
  id integer not null,
  created_at integer not null
) strict;

create table if not exists tags (
  id integer primary key autoincrement,
  tag text not null,
  tag_key text not null unique, -- for matching without case
  type text not null, -- '' is in no list
  description text not null,
  created_at integer not null,
  updated_at integer not null
) strict;

create table if not exists contact_tags (
  id integer primary key autoincrement,
  contact integer not null references contacts on delete cascade,
  tag integer not null references tags on delete cascade,
  created_at integer not null,
  unique (contact, tag)
) strict;

create index if not exists contact_tags_by_tag on contact_tags (tag);

create table if not exists lists (
  id integer primary key autoincrement,
  name text not null,
  stringid text not null,
  sender_url text not null,
  sender_reminder text not null,
  send_last_broadcast text not null default '0',
  carboncopy text,
  subscription_notify text,
  unsubscription_notify text,
  channel text not null default 'email',
  user integer, -- as sent; the service shows null without one
  created_at integer not null,
  updated_at integer not null
) strict;

create table if not exists list_groups (
  id integer primary key autoincrement,
  list integer not null references lists on delete cascade,
  group_id integer not null,
  unique (list, group_id)
) strict;

create table if not exists contact_lists (
  id integer primary key autoincrement,
  contact integer not null references contacts on delete cascade,
  list integer not null references lists on delete cascade,
  status integer not null, -- 0 unconfirmed, 1 active, 2 unsubscribed, 3 bounced
  sourceid integer not null,
  subscribed_at integer,
  unsubscribed_at integer,
  created_at integer not null,
  updated_at integer not null,
  unique (contact, list)
) strict;

create index if not exists contact_lists_by_list on contact_lists (list, status);

create table if not exists webhooks (
  id integer primary key autoincrement,
  name text not null,
  url text not null,
  events text not null, -- JSON
  sources text not null, -- JSON
  listid integer not null default 0,
  created_at integer not null
) strict;

create table if not exists exclusions (
  id integer primary key autoincrement,
  phrase text not null,
  match_type text not null -- exact, begin, end, contains
) strict;

create table if not exists customer_accounts (
  id integer primary key autoincrement,
  name text not null,
  name_key text not null unique
) strict;

create table if not exists account_contacts (
  id integer primary key autoincrement,
  contact integer not null references contacts on delete cascade,
  account integer not null references customer_accounts
) strict;

create table if not exists import_batches (
  id text primary key,
  received_at integer not null,
  due_at integer not null,
  outcome text not null, -- completed, failed, interrupted
  queued integer not null, -- contacts
  pending text, -- JSON: the rows that wait, null once they are imported
  success text not null default '[]',
  failure text not null default '[]'
) strict;

create index if not exists import_batches_by_due on import_batches (due_at) where pending is not null;

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
  fault text not null, -- '' is none
  per_second integer not null, -- requests in the second that ends with this one
  admitted_per_second integer not null, -- those of them that were not throttled
  duration_us integer not null
) strict;

create index if not exists requests_by_time on requests (arrived_at);

create table if not exists tracking ( -- one row
  id integer primary key check (id = 1),
  events integer not null, -- whether event tracking is on
  site integer not null
) strict;

create table if not exists event_names (
  id integer primary key autoincrement,
  name text not null,
  name_key text not null unique -- for matching without case
) strict;

create table if not exists site_domains (
  id integer primary key autoincrement,
  name text not null unique
) strict;

create table if not exists tracked (
  id integer primary key autoincrement,
  contact integer references contacts on delete cascade, -- null while nobody has the address
  email text not null, -- '' was sent without
  email_key text not null,
  type text not null, -- the event's name, __pagevisit for a visit
  value text not null, -- of a visit: its address
  referrer text not null default '',
  created_at integer not null
) strict;

create index if not exists tracked_by_contact on tracked (contact);

create index if not exists tracked_by_nobody on tracked (email_key) where contact is null;

create table if not exists automations (
  id integer primary key autoincrement,
  name text not null,
  status integer not null, -- 1 active, 2 inactive
  multientry integer not null, -- 1: a contact may enter again
  entered integer not null default 0,
  exited integer not null default 0,
  created_at integer not null,
  updated_at integer not null
) strict;

create table if not exists contact_automations (
  id integer primary key autoincrement,
  contact integer not null references contacts on delete cascade,
  automation integer not null references automations on delete cascade,
  added_at integer not null
) strict;

create index if not exists contact_automations_by_contact on contact_automations (contact)
