-- Holdfast 2: sharing. Whoever is signed in may be a viewer or an editor of another user's items; what is published, every user of
-- the project may view. Safe to run again.

-- `whole`: the key `prefix` alone; otherwise every key that starts with it. No grantee: every user.
create table if not exists holdfast.shares (
  id bigint generated always as identity primary key,
  store bigint not null references holdfast.stores (id) on delete cascade,
  prefix text collate "C" not null,
  whole boolean not null,
  grantee uuid references auth.users (id) on delete cascade,
  role text not null check (role in ('viewer', 'editor')),
  created timestamptz not null default now(),
  check (grantee is not null or role = 'viewer')
);
create unique index if not exists shares_once on holdfast.shares
  (store, prefix, whole, coalesce(grantee, '00000000-0000-0000-0000-000000000000'));
create index if not exists shares_by_grantee on holdfast.shares (grantee);
create index if not exists items_by_part on holdfast.items using gin (parts) where parts is not null;
create index if not exists versions_by_part on holdfast.versions using gin (parts) where parts is not null;

-- These four look past row-level security, since the policies below ask them: what somebody else has shared cannot be asked of rows
-- that are hidden for that very reason. They answer for auth.uid() alone.

create or replace function holdfast.share_role(p_store bigint, p_key text)
returns text language sql stable security definer set search_path = '' as $$
  select min(s.role) from holdfast.shares s
  where s.store = p_store and (s.grantee = auth.uid() or s.grantee is null)
    and case when s.whole then s.prefix = p_key else starts_with(p_key, s.prefix) end
$$;

-- The most that a user may do anywhere in a store of somebody else.
create or replace function holdfast.store_role(p_store bigint)
returns text language sql stable security definer set search_path = '' as $$
  select min(s.role) from holdfast.shares s
  where s.store = p_store and (s.grantee = auth.uid() or s.grantee is null)
$$;

-- Whether an object belongs to an item that is shared, or to a kept version of one that may be edited.
create or replace function holdfast.sees_body(p_store bigint, p_body bigint)
returns boolean language sql stable security definer set search_path = '' as $$
  select exists (
      select 1 from holdfast.items i where i.store = p_store and i.parts @> array[p_body]
        and holdfast.share_role(i.store, i.key) is not null)
    or exists (
      select 1 from holdfast.versions v where v.store = p_store and v.parts @> array[p_body]
        and holdfast.share_role(v.store, v.key) = 'editor')
$$;

-- Whether somebody may make an item of these objects: of those that they have uploaded or can read.
create or replace function holdfast.may_refer(p_store bigint, p_parts bigint[])
returns boolean language sql stable security definer set search_path = '' as $$
  select not exists (
    select 1 from unnest(p_parts) part where not exists (
      select 1 from holdfast.bodies b where b.id = part and b.store = p_store
        and (b.uploader = auth.uid() or holdfast.sees_body(p_store, part))))
$$;

revoke all on function holdfast.share_role(bigint, text) from public, anon;
revoke all on function holdfast.store_role(bigint) from public, anon;
revoke all on function holdfast.sees_body(bigint, bigint) from public, anon;
revoke all on function holdfast.may_refer(bigint, bigint[]) from public, anon;
grant execute on function holdfast.share_role(bigint, text), holdfast.store_role(bigint),
  holdfast.sees_body(bigint, bigint), holdfast.may_refer(bigint, bigint[]) to authenticated, service_role;

alter table holdfast.shares enable row level security;
revoke all on holdfast.shares from public, anon, authenticated;
grant select, insert, update, delete on holdfast.shares to authenticated;
grant all on holdfast.shares to service_role;
drop policy if exists owner on holdfast.shares;
create policy owner on holdfast.shares to authenticated
  using (store in (select s.id from holdfast.stores s where s.owner = (select auth.uid())))
  with check (store in (select s.id from holdfast.stores s where s.owner = (select auth.uid())));
drop policy if exists guest_read on holdfast.shares;
create policy guest_read on holdfast.shares for select to authenticated using (grantee = (select auth.uid()));

-- Beside the policies of owners. PostgreSQL asks those of a table in the reverse order of their names and ends with the first that
-- says yes: `owner` comes before `guest`, so an owner never waits for what is asked of guests, for each tag and term.

drop policy if exists guest_read on holdfast.stores;
create policy guest_read on holdfast.stores for select to authenticated using (holdfast.store_role(id) is not null);

drop policy if exists guest_read on holdfast.items;
create policy guest_read on holdfast.items for select to authenticated using (holdfast.share_role(store, key) is not null);
drop policy if exists guest_insert on holdfast.items;
create policy guest_insert on holdfast.items for insert to authenticated
  with check (holdfast.share_role(store, key) = 'editor' and (parts is null or holdfast.may_refer(store, parts)));
drop policy if exists guest_update on holdfast.items;
create policy guest_update on holdfast.items for update to authenticated
  using (holdfast.share_role(store, key) = 'editor')
  with check (holdfast.share_role(store, key) = 'editor' and (parts is null or holdfast.may_refer(store, parts)));
drop policy if exists guest_delete on holdfast.items;
create policy guest_delete on holdfast.items for delete to authenticated using (holdfast.share_role(store, key) = 'editor');

-- Kept versions and tombstones are for who may write: what an item was before it was shared is no viewer's business.
drop policy if exists guest_write on holdfast.tombstones;
create policy guest_write on holdfast.tombstones to authenticated
  using (holdfast.share_role(store, key) = 'editor') with check (holdfast.share_role(store, key) = 'editor');
drop policy if exists guest_write on holdfast.versions;
create policy guest_write on holdfast.versions to authenticated
  using (holdfast.share_role(store, key) = 'editor')
  with check (holdfast.share_role(store, key) = 'editor' and (parts is null or holdfast.may_refer(store, parts)));

do $$
declare
  v_table text;
begin
  foreach v_table in array array['tags', 'terms'] loop
    execute format('drop policy if exists guest_read on holdfast.%I', v_table);
    execute format(
      'create policy guest_read on holdfast.%I for select to authenticated
         using (exists (select 1 from holdfast.items i where i.id = item and i.store = %1$I.store))', v_table);
    execute format('drop policy if exists guest_write on holdfast.%I', v_table);
    execute format(
      'create policy guest_write on holdfast.%I to authenticated
         using (exists (select 1 from holdfast.items i
           where i.id = item and i.store = %1$I.store and holdfast.share_role(i.store, i.key) = ''editor''))
         with check (exists (select 1 from holdfast.items i
           where i.id = item and i.store = %1$I.store and holdfast.share_role(i.store, i.key) = ''editor''))', v_table);
  end loop;
end
$$;

drop policy if exists guest_read on holdfast.feed;
create policy guest_read on holdfast.feed for select to authenticated using (holdfast.share_role(store, key) is not null);

-- Of objects, guests know those that they have uploaded, and those of items that they can read.
drop policy if exists guest_read on holdfast.bodies;
create policy guest_read on holdfast.bodies for select to authenticated
  using (uploader = (select auth.uid()) and holdfast.store_role(store) = 'editor' or holdfast.sees_body(store, id));
drop policy if exists guest_insert on holdfast.bodies;
create policy guest_insert on holdfast.bodies for insert to authenticated
  with check (holdfast.store_role(store) = 'editor' and uploader = (select auth.uid()));
drop policy if exists guest_update on holdfast.bodies;
create policy guest_update on holdfast.bodies for update to authenticated
  using (holdfast.store_role(store) = 'editor' and (uploader = (select auth.uid()) or holdfast.sees_body(store, id)))
  with check (holdfast.store_role(store) = 'editor' and (uploader = (select auth.uid()) or holdfast.sees_body(store, id)));
