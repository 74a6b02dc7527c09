-- Holdfast 1: tables and who may see them. Safe to run again. See docs/cloud.md.

create schema if not exists holdfast;
revoke all on schema holdfast from public;
grant usage on schema holdfast to authenticated, service_role;

-- One row per store: whose it is, and how far its feed has come. Every write updates it last.
create table if not exists holdfast.stores (
  id bigint generated always as identity primary key,
  owner uuid not null references auth.users (id) on delete cascade,
  name text collate "C" not null,
  epoch uuid not null default gen_random_uuid(),
  tokenizer integer not null,
  seq bigint not null default 0,
  trimmed bigint not null default 0,
  last_version text collate "C",
  unique (owner, name)
);

-- How many previous versions of an item its owner has kept, as said at their last opening: 0 none, null never said. Others' writes keep
-- that many.
alter table holdfast.stores add column if not exists keep integer check (keep >= 0);

-- `header` is what core wrote, as JSON text: jsonb would not hold U+0000 and lone surrogates, and would round numbers.
-- A body is either in the row or in objects: `parts` are ids of `bodies`, in order.
create table if not exists holdfast.items (
  id bigint generated always as identity primary key,
  store bigint not null references holdfast.stores (id) on delete cascade,
  key text collate "C" not null,
  version text collate "C" not null,
  header text not null,
  created bigint not null,
  modified bigint not null,
  expires bigint,
  size bigint not null,
  stored bigint not null,
  tags text[] not null,
  terms text[] not null,
  body bytea,
  parts bigint[],
  hashes bytea,
  encrypted boolean not null,
  unique (store, key)
);
alter table holdfast.items alter column body set storage external;

-- No foreign keys from these two: they would be checked once per word.
create table if not exists holdfast.tags (
  store bigint not null,
  tag text collate "C" not null,
  item bigint not null,
  primary key (store, tag, item)
);

create table if not exists holdfast.terms (
  store bigint not null,
  term text collate "C" not null,
  item bigint not null,
  primary key (store, term, item)
);

create table if not exists holdfast.tombstones (
  store bigint not null references holdfast.stores (id) on delete cascade,
  key text collate "C" not null,
  version text collate "C" not null,
  primary key (store, key)
);

create table if not exists holdfast.versions (
  store bigint not null references holdfast.stores (id) on delete cascade,
  key text collate "C" not null,
  version text collate "C" not null,
  header text not null,
  created bigint not null,
  expires bigint,
  body bytea,
  parts bigint[],
  hashes bytea,
  encrypted boolean not null,
  replaced bigint not null,
  primary key (store, key, version)
);
alter table holdfast.versions alter column body set storage external;

create table if not exists holdfast.feed (
  store bigint not null references holdfast.stores (id) on delete cascade,
  seq bigint not null,
  type text not null check (type in ('save', 'delete')),
  key text collate "C" not null,
  version text collate "C" not null,
  primary key (store, seq)
);
-- By this a write that comes once more, after others have written the key, is found to have been done.
create index if not exists feed_by_version on holdfast.feed (store, version);

-- One row per object in the bucket, made before the object. `refs` counts the items and versions that have it; triggers do that.
create table if not exists holdfast.bodies (
  id bigint generated always as identity primary key,
  store bigint not null references holdfast.stores (id) on delete cascade,
  name text collate "C" not null unique,
  sha256 text collate "C" not null,
  size bigint not null,
  uploader uuid,
  refs integer not null default 0 check (refs >= 0),
  condemned boolean not null default false,
  touched timestamptz not null default now()
);
create index if not exists bodies_by_content on holdfast.bodies (store, sha256);
create index if not exists bodies_unreferenced on holdfast.bodies (store, touched) where refs = 0;

-- Runs as who owns it: where a user is deleted, whoever deletes them may know nothing of this schema, and what a cascade sets off ran
-- as them before PostgreSQL 18.
create or replace function holdfast.drop_index() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  delete from holdfast.tags where store = old.id;
  delete from holdfast.terms where store = old.id;
  return old;
end
$$;
drop trigger if exists drop_index on holdfast.stores;
create trigger drop_index after delete on holdfast.stores for each row execute function holdfast.drop_index();

-- Whose store it is says the token, nothing else. The owner never changes: no column privilege to update it is given.
-- What nobody may change but the functions that answer for it, no privilege is given for: counters, and what an object is.
alter table holdfast.stores enable row level security;
drop policy if exists owner on holdfast.stores;
create policy owner on holdfast.stores to authenticated
  using (owner = (select auth.uid())) with check (owner = (select auth.uid()));

do $$
declare
  v_table text;
begin
  foreach v_table in array array['items', 'tags', 'terms', 'tombstones', 'versions', 'feed', 'bodies'] loop
    execute format('alter table holdfast.%I enable row level security', v_table);
    execute format('drop policy if exists owner on holdfast.%I', v_table);
    execute format(
      'create policy owner on holdfast.%I to authenticated
         using (store in (select s.id from holdfast.stores s where s.owner = (select auth.uid())))
         with check (store in (select s.id from holdfast.stores s where s.owner = (select auth.uid())))',
      v_table);
  end loop;
end
$$;

-- Of these tables by name: run again by itself, this file takes nothing away that a later one has given.
revoke all on holdfast.stores, holdfast.items, holdfast.tags, holdfast.terms, holdfast.tombstones, holdfast.versions, holdfast.feed,
  holdfast.bodies from public, anon, authenticated;
grant select on holdfast.stores, holdfast.items, holdfast.tags, holdfast.terms, holdfast.tombstones, holdfast.versions, holdfast.feed,
  holdfast.bodies to authenticated;
grant insert, delete on holdfast.items, holdfast.tags, holdfast.terms, holdfast.tombstones, holdfast.versions to authenticated;
grant insert (owner, name, tokenizer), update (tokenizer, keep), delete on holdfast.stores to authenticated;
grant update (version, header, created, modified, expires, size, stored, tags, terms, body, parts, hashes, encrypted)
  on holdfast.items to authenticated;
grant update (version) on holdfast.tombstones to authenticated;
grant update (header, created, expires, body, parts, hashes, encrypted, replaced) on holdfast.versions to authenticated;
grant insert (store, name, sha256, size, uploader), update (condemned, touched), delete on holdfast.bodies to authenticated;
grant all on holdfast.stores, holdfast.items, holdfast.tags, holdfast.terms, holdfast.tombstones, holdfast.versions, holdfast.feed,
  holdfast.bodies to service_role;
