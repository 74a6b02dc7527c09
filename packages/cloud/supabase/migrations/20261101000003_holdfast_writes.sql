-- Holdfast 3: opening a store, and writing to it. Every write is one call, and so one transaction. Safe to run again.
--
-- Functions run as who calls them: row-level security decides what they reach. Errors of their own begin with:
--   HF001  the store is not there for this user
--   HF002  no user, and no owner named
--   HF003  nothing of the named owner's store is shared with this user
--   HF004  only the owner, or who may edit all of it, may do this
--   HF005  a version that no clock makes, or one too far ahead for somebody else's store
--   HF006  a key, header or time that core does not write

-- `p_keep`: how many previous versions of an item whoever opens it wants kept, 0 for none, null for who says nothing. An owner's word
-- stands for everybody's writes; others' is not asked, nor that of the secret key, by which a tool may open any store.
drop function if exists public.holdfast_open(text, uuid, integer);
create or replace function public.holdfast_open(p_name text, p_owner uuid, p_tokenizer integer, p_keep integer)
returns jsonb language plpgsql volatile security invoker set search_path = '' as $$
declare
  v_owner uuid := coalesce(p_owner, auth.uid());
  v_store holdfast.stores;
  v_mine boolean;
begin
  if v_owner is null then
    raise exception 'HF002: no user is signed in and no owner is named';
  end if;
  select * into v_store from holdfast.stores where owner = v_owner and name = p_name;
  if not found then
    if auth.uid() is not null and v_owner <> auth.uid() then
      raise exception 'HF003: nothing of that store is shared with this user';
    end if;
    insert into holdfast.stores (owner, name, tokenizer) values (v_owner, p_name, p_tokenizer)
      on conflict (owner, name) do nothing;
    select * into strict v_store from holdfast.stores where owner = v_owner and name = p_name;
  end if;
  v_mine := holdfast.is_mine(v_store.id);
  if v_store.owner = auth.uid() and v_store.keep is distinct from coalesce(p_keep, v_store.keep) then
    update holdfast.stores set keep = p_keep where id = v_store.id;
  end if;
  return jsonb_build_object(
    'layout', 1, 'store', v_store.id::text, 'epoch', replace(v_store.epoch::text, '-', ''), 'tokenizer', v_store.tokenizer,
    'lastVersion', v_store.last_version, 'owner', v_store.owner, 'role', current_user,
    'mine', v_mine);
end
$$;

-- What a store that is not visible means depends on nothing that the caller sends.
create or replace function holdfast.check_store(p_store bigint)
returns void language plpgsql stable security invoker set search_path = '' as $$
begin
  perform 1 from holdfast.stores where id = p_store;
  if not found then
    raise exception 'HF001: the store is not there for this user';
  end if;
end
$$;

-- The secret key acts for every owner. Asked for by the setting, as `current_user` is another one in what is `security definer`.
create or replace function holdfast.is_mine(p_store bigint)
returns boolean language plpgsql stable security invoker set search_path = '' as $$
begin
  return exists (
    select 1 from holdfast.stores s
    where s.id = p_store and (s.owner = auth.uid() or current_setting('role', true) = 'service_role'));
end
$$;

create or replace function holdfast.check_owner(p_store bigint)
returns void language plpgsql stable security invoker set search_path = '' as $$
begin
  perform holdfast.check_store(p_store);
  if not holdfast.is_mine(p_store) then
    raise exception 'HF004: only the owner of the store may do this';
  end if;
end
$$;

-- Long tags do not fit into an index. Two different ones never become the same, and none becomes another short one: what looks like a
-- long one that was made short is made so itself.
create or replace function holdfast.index_tag(p_tag text)
returns text language sql immutable set search_path = '' as $$
  select case when octet_length(p_tag) <= 512 and (octet_length(p_tag) < 65 or p_tag !~ '#[0-9a-f]{64}$') then p_tag
    else left(p_tag, 64) || '#' || encode(sha256(convert_to(p_tag, 'UTF8')), 'hex') end
$$;

-- Brings the index up to what the row of the item says; `p_tags` and `p_terms` are what it said before.
create or replace function holdfast.index_item(p_store bigint, p_item bigint, p_tags text[], p_terms text[])
returns void language plpgsql volatile security invoker set search_path = '' as $$
declare
  v_tags text[];
  v_terms text[];
begin
  select tags, terms into v_tags, v_terms from holdfast.items where id = p_item;
  if v_tags <> p_tags then
    if p_tags <> '{}' then
      delete from holdfast.tags where store = p_store and item = p_item and tag in (
        select holdfast.index_tag(t) from unnest(p_tags) t except select holdfast.index_tag(t) from unnest(v_tags) t);
    end if;
    insert into holdfast.tags (store, tag, item)
      select p_store, t, p_item from (
        select holdfast.index_tag(t) as t from unnest(v_tags) t except select holdfast.index_tag(t) from unnest(p_tags) t) n;
  end if;
  if v_terms <> p_terms then
    if p_terms <> '{}' then
      delete from holdfast.terms where store = p_store and item = p_item and term in (
        select unnest(p_terms) except select unnest(v_terms));
    end if;
    insert into holdfast.terms (store, term, item)
      select p_store, t, p_item from (select unnest(v_terms) as t except select unnest(p_terms)) n;
  end if;
end
$$;

-- Drops the oldest kept versions of a key, above a number.
create or replace function holdfast.drop_surplus(p_store bigint, p_key text, p_keep integer)
returns void language plpgsql volatile security invoker set search_path = '' as $$
begin
  delete from holdfast.versions v where v.store = p_store and v.key = p_key and v.version in (
    select s.version from holdfast.versions s where s.store = p_store and s.key = p_key
    order by s.version desc offset p_keep);
end
$$;

-- Drops the kept versions of a key that are not encrypted: what is encrypted now must not stay readable in what it was.
create or replace function holdfast.drop_plain(p_store bigint, p_key text)
returns void language plpgsql volatile security invoker set search_path = '' as $$
begin
  delete from holdfast.versions v where v.store = p_store and v.key = p_key and not v.encrypted;
end
$$;

-- The last step of every write, and the only way to the feed and to the counters of a store, since no policy can say by how much
-- they may go up. Whoever writes to the same store waits here until this transaction has ended, so that the feed's order is the
-- order of commits, without a gap.
create or replace function holdfast.enter_feed(p_store bigint, p_types text[], p_keys text[], p_versions text[])
returns void language plpgsql volatile security definer set search_path = '' as $$
declare
  c_horizon constant bigint := 100000;
  v_count constant integer := cardinality(p_keys);
  v_seq bigint;
begin
  -- As is_mine does, which would have to be planned anew for each of the two roles in turn.
  if not exists (
    select 1 from holdfast.stores s
    where s.id = p_store and (s.owner = auth.uid() or current_setting('role', true) = 'service_role')
  ) and exists (
    select 1 from unnest(p_keys) k where holdfast.share_role(p_store, k) is distinct from 'editor'
  ) then
    raise exception 'HF004: who may edit is who shares, and who was made an editor';
  end if;
  perform holdfast.check_change(p_store, k, v) from unnest(p_keys, p_versions) as c (k, v);
  update holdfast.stores set seq = seq + v_count,
      last_version = greatest(last_version, (select max(v collate "C") from unnest(p_versions) v))
    where id = p_store returning seq into strict v_seq;
  insert into holdfast.feed (store, seq, type, key, version)
    select p_store, v_seq - v_count + n, t, k, v from unnest(p_types, p_keys, p_versions) with ordinality as f (t, k, v, n);
  if v_seq / 1024 <> (v_seq - v_count) / 1024 then
    update holdfast.stores set trimmed = greatest(trimmed, v_seq - c_horizon) where id = p_store;
    delete from holdfast.feed where store = p_store and seq <= v_seq - c_horizon;
  end if;
end
$$;

-- Whether a write of this version has been committed, as far back as the feed reaches.
create or replace function holdfast.was_done(p_store bigint, p_key text, p_version text)
returns boolean language sql stable security invoker set search_path = '' as $$
  select exists (select 1 from holdfast.feed where store = p_store and version = p_version and key = p_key)
$$;

-- What the first try of such a write answered. Since when the item has been there, a version that is kept knows best.
create or replace function holdfast.done_before(p_store bigint, p_write jsonb)
returns jsonb language sql stable security invoker set search_path = '' as $$
  select case when p_write ->> 'type' = 'delete' then jsonb_build_object('outcome', 'deleted')
    else jsonb_build_object('outcome', 'written', 'created', coalesce(
      (select v.created from holdfast.versions v
        where v.store = p_store and v.key = p_write ->> 'key' and v.version = p_write ->> 'version'),
      (p_write ->> 'created')::bigint)) end
$$;

-- Applies all writes, or none and tells which one stands in the way of what. The rules are checkWrite and checkDelete of core.
-- A write: {type, key, version, expect} and for a put {header, created, modified, expires, size, stored, tags, terms,
-- body | parts, hashes, encrypted}. `p_keep`: how many previous versions of a key stay; 0 or null: those that are there stay, none is
-- added. That is for owners to say: of others' writes as many stay as the owner said at their last opening.
create or replace function public.holdfast_write(p_store text, p_writes jsonb, p_now bigint, p_keep integer)
returns jsonb language plpgsql volatile security invoker set search_path = '' as $$
declare
  c_before_all_time constant bigint := -8640000000000001;
  v_store constant bigint := p_store::bigint;
  v_count constant integer := jsonb_array_length(p_writes);
  v_parts bigint[];
  v_write jsonb;
  v_encrypts boolean;
  v_item record;
  v_ids bigint[] := array_fill(null::bigint, array[v_count]);
  v_alive boolean[] := array_fill(false, array[v_count]);
  v_absent boolean[] := array_fill(false, array[v_count]);
  v_created bigint;
  v_tombstone text;
  v_floor text;
  v_was_encrypted boolean;
  v_current jsonb;
  v_version text;
  v_expect text;
  v_reason jsonb;
  v_results jsonb[] := '{}';
  v_tags text[];
  v_terms text[];
  v_new_parts bigint[];
  v_id bigint;
  v_types text[] := '{}';
  v_keys text[] := '{}';
  v_versions text[] := '{}';
  v_mine constant boolean := holdfast.is_mine(v_store);
  v_keep integer := p_keep;
begin
  if not v_mine then
    perform holdfast.check_store(v_store);
    select keep into v_keep from holdfast.stores where id = v_store;
    -- Policies would let a change pass by rows that may only be read, and say nothing.
    if exists (
      select 1 from jsonb_array_elements(p_writes) w where holdfast.share_role(v_store, w ->> 'key') is distinct from 'editor'
    ) then
      raise exception 'HF004: who may edit is who shares, and who was made an editor';
    end if;
  end if;

  -- Whoever writes the same key waits here, also where there is no row yet to lock. In one order, so that nobody waits in a circle.
  perform pg_advisory_xact_lock(hash) from (
    select distinct hashtextextended(p_store || '/' || (w ->> 'key'), 0) as hash
    from jsonb_array_elements(p_writes) w order by 1
  ) locks;

  -- Objects that are condemned are about to go; those that are locked here cannot be condemned any more.
  select array_agg(part::bigint) into v_parts
    from jsonb_array_elements(p_writes) w, jsonb_array_elements_text(w -> 'parts') part;
  if v_parts is not null then
    perform 1 from holdfast.bodies where id = any (v_parts) order by id for update;
    for i in 1 .. v_count loop
      if exists (
        select 1 from jsonb_array_elements_text(p_writes -> (i - 1) -> 'parts') part
        where not exists (
          select 1 from holdfast.bodies b where b.id = part::bigint and b.store = v_store and not b.condemned
            and (v_mine or holdfast.may_refer(v_store, array[b.id])))
      ) then
        return jsonb_build_object('outcome', 'refused', 'index', i - 1, 'reason', jsonb_build_object('outcome', 'gone'));
      end if;
    end loop;
  end if;

  -- A batch that arrives twice finds its own versions, which no other write has: standing, or in the feed below what others have
  -- written since.
  if v_count > 1 then
    select array_agg(
        case
          when i.version = w ->> 'version' then jsonb_build_object('outcome', 'written', 'created', i.created)
          when t.version = w ->> 'version' then jsonb_build_object('outcome', 'deleted')
          when coalesce(i.version, t.version) collate "C" > w ->> 'version'
            and holdfast.was_done(v_store, w ->> 'key', w ->> 'version') then holdfast.done_before(v_store, w)
          when i.id is null and w ->> 'type' = 'delete' then jsonb_build_object('outcome', 'absent', 'tombstone', t.version)
        end order by n)
      into v_results
      from jsonb_array_elements(p_writes) with ordinality as asked (w, n)
      left join holdfast.items i on i.store = v_store and i.key = w ->> 'key'
      left join holdfast.tombstones t on t.store = v_store and t.key = w ->> 'key';
    if array_position(v_results, null::jsonb) is null and exists (
      select 1 from unnest(v_results) r where r ->> 'outcome' <> 'absent'
    ) then
      return jsonb_build_object('outcome', 'applied', 'results', to_jsonb(v_results));
    end if;
    v_results := '{}';
  end if;

  for i in 1 .. v_count loop
    v_write := p_writes -> (i - 1);
    v_version := v_write ->> 'version';
    v_expect := v_write ->> 'expect';
    v_reason := null;
    v_tombstone := null;
    select id, version, header, created, (expires is null or expires > p_now) as alive into v_item
      from holdfast.items where store = v_store and key = v_write ->> 'key';
    if found then
      v_ids[i] := v_item.id;
      v_alive[i] := v_item.alive;
      v_floor := v_item.version;
    else
      select version into v_tombstone from holdfast.tombstones where store = v_store and key = v_write ->> 'key';
      v_floor := v_tombstone;
    end if;
    v_current := case when v_alive[i] then jsonb_build_array(v_item.header, v_item.created) else 'null'::jsonb end;
    if v_write ->> 'type' = 'put' then
      if v_floor = v_version then
        v_reason := jsonb_build_object('outcome', 'stale', 'floor', v_floor);
      elsif v_expect = 'absent' and v_alive[i]
        or v_expect not in ('any', 'absent') and (not v_alive[i] or v_item.version <> v_expect) then
        v_reason := jsonb_build_object('outcome', 'conflict', 'current', v_current);
      elsif v_floor collate "C" > v_version then
        v_reason := jsonb_build_object('outcome', 'stale', 'floor', v_floor);
      end if;
      v_results := v_results || jsonb_build_object('outcome', 'written', 'created',
        case when v_alive[i] then v_item.created else (v_write ->> 'created')::bigint end);
    else
      if not v_alive[i] and v_tombstone = v_version then
        v_absent[i] := true;
      elsif v_expect <> 'any' and (not v_alive[i] or v_item.version <> v_expect) then
        v_reason := jsonb_build_object('outcome', 'conflict', 'current', v_current);
      elsif not v_alive[i] then
        v_absent[i] := true;
      elsif v_item.version collate "C" >= v_version then
        v_reason := jsonb_build_object('outcome', 'stale', 'floor', v_item.version);
      end if;
      v_results := v_results || case when v_absent[i]
        then jsonb_build_object('outcome', 'absent', 'tombstone', v_tombstone)
        else jsonb_build_object('outcome', 'deleted') end;
    end if;
    -- What would be refused, or find nothing, may have been done before, its answer lost, and others have written since.
    if v_count = 1 and (v_reason is not null or v_absent[i]) and v_floor collate "C" > v_version
      and holdfast.was_done(v_store, v_write ->> 'key', v_version)
    then
      return jsonb_build_object('outcome', 'applied', 'results', jsonb_build_array(holdfast.done_before(v_store, v_write)));
    end if;
    if v_reason is not null then
      return jsonb_build_object('outcome', 'refused', 'index', i - 1, 'reason', v_reason);
    end if;
  end loop;

  for i in 1 .. v_count loop
    continue when v_absent[i];
    v_write := p_writes -> (i - 1);
    v_id := v_ids[i];
    v_encrypts := v_write ->> 'type' = 'put' and (v_write ->> 'encrypted')::boolean;
    v_tags := '{}';
    v_terms := '{}';
    if v_id is not null then
      select tags, terms, encrypted into v_tags, v_terms, v_was_encrypted from holdfast.items where id = v_id;
      if v_alive[i] and v_keep > 0 and p_now <> c_before_all_time and (v_was_encrypted or not v_encrypts) then
        insert into holdfast.versions (store, key, version, header, created, expires, body, parts, hashes, encrypted, replaced)
          select store, key, version, header, created, expires, body, parts, hashes, encrypted, p_now
          from holdfast.items where id = v_id
          on conflict (store, key, version) do update set
            header = excluded.header, created = excluded.created, expires = excluded.expires, body = excluded.body,
            parts = excluded.parts, hashes = excluded.hashes, encrypted = excluded.encrypted, replaced = excluded.replaced;
        perform holdfast.drop_surplus(v_store, v_write ->> 'key', v_keep);
      end if;
    end if;
    if v_encrypts then
      perform holdfast.drop_plain(v_store, v_write ->> 'key');
    end if;

    if v_write ->> 'type' = 'put' then
      v_created := (v_results[i] ->> 'created')::bigint;
      v_new_parts := case when jsonb_typeof(v_write -> 'parts') = 'array'
        then array(select part::bigint from jsonb_array_elements_text(v_write -> 'parts') part) end;
      if v_id is null then
        insert into holdfast.items
            (store, key, version, header, created, modified, expires, size, stored, tags, terms, body, parts, hashes, encrypted)
          select v_store, w.key, w.version, w.header, v_created, w.modified, w.expires, w.size, w.stored, w.tags, w.terms,
            decode(w.body, 'base64'), v_new_parts, decode(w.hashes, 'base64'), v_encrypts
          from jsonb_to_record(v_write) as w (key text, version text, header text, modified bigint, expires bigint,
            size bigint, stored bigint, tags text[], terms text[], body text, hashes text)
          returning id into v_id;
        delete from holdfast.tombstones where store = v_store and key = v_write ->> 'key';
      else
        update holdfast.items i set version = w.version, header = w.header, created = v_created, modified = w.modified,
            expires = w.expires, size = w.size, stored = w.stored, tags = w.tags, terms = w.terms,
            body = decode(w.body, 'base64'), parts = v_new_parts, hashes = decode(w.hashes, 'base64'), encrypted = v_encrypts
          from jsonb_to_record(v_write) as w (version text, header text, modified bigint, expires bigint,
            size bigint, stored bigint, tags text[], terms text[], body text, hashes text)
          where i.id = v_id;
      end if;
      perform holdfast.index_item(v_store, v_id, v_tags, v_terms);
    else
      delete from holdfast.tags where store = v_store and item = v_id and tag in (select holdfast.index_tag(t) from unnest(v_tags) t);
      delete from holdfast.terms where store = v_store and item = v_id and term = any (v_terms);
      delete from holdfast.items where id = v_id;
      insert into holdfast.tombstones (store, key, version) values (v_store, v_write ->> 'key', v_write ->> 'version')
        on conflict (store, key) do update set version = excluded.version;
    end if;
    v_types := v_types || case v_write ->> 'type' when 'put' then 'save' else 'delete' end;
    v_keys := v_keys || (v_write ->> 'key');
    v_versions := v_versions || (v_write ->> 'version');
  end loop;

  if cardinality(v_keys) > 0 then
    perform holdfast.enter_feed(v_store, v_types, v_keys, v_versions);
  end if;
  return jsonb_build_object('outcome', 'applied', 'results', to_jsonb(v_results));
end
$$;

-- Makes the rows of objects that are about to be uploaded, [{sha256, size, name}], and answers [{id, name, stored}]. Where the
-- same user has stored the same content before, and the object is in the bucket, that one is named instead; also one whose item
-- never came to be written, so that an upload that was interrupted goes on where it ended.
create or replace function public.holdfast_stage(p_store text, p_parts jsonb)
returns jsonb language plpgsql volatile security invoker set search_path = '' as $$
declare
  v_store constant bigint := p_store::bigint;
  v_part jsonb;
  v_body record;
  v_answer jsonb := '[]';
begin
  perform holdfast.check_store(v_store);
  for v_part in select jsonb_array_elements(p_parts) loop
    update holdfast.bodies set touched = now()
      where id = (
        select b.id from holdfast.bodies b where b.store = v_store and b.sha256 = v_part ->> 'sha256'
          and b.size = (v_part ->> 'size')::bigint and b.uploader is not distinct from auth.uid() and not b.condemned
          and exists (select 1 from storage.objects o where o.bucket_id = 'holdfast' and o.name = b.name)
        order by b.id limit 1 for update)
      returning id, name, true as stored into v_body;
    if not found then
      insert into holdfast.bodies (store, name, sha256, size, uploader)
        values (v_store, v_part ->> 'name', v_part ->> 'sha256', (v_part ->> 'size')::bigint, auth.uid())
        on conflict (name) do nothing
        returning id, name, false as stored into v_body;
      if not found then
        -- The call arrives twice.
        select id, name, false as stored into strict v_body from holdfast.bodies where name = v_part ->> 'name' and store = v_store;
      end if;
    end if;
    v_answer := v_answer || jsonb_build_object('id', v_body.id::text, 'name', v_body.name, 'stored', v_body.stored);
  end loop;
  return v_answer;
end
$$;

-- Marks objects that nothing has referred to for a day: from now on no write can refer to them. Answers [{id, name}]; those of
-- an earlier sweep that did not come to its end are among them.
create or replace function public.holdfast_condemn(p_store text, p_limit integer)
returns jsonb language plpgsql volatile security invoker set search_path = '' as $$
declare
  v_answer jsonb;
begin
  perform holdfast.check_owner(p_store::bigint);
  with doomed as (
    update holdfast.bodies b set condemned = true
    where b.id in (
      select d.id from holdfast.bodies d
      where d.store = p_store::bigint and d.refs = 0 and (d.condemned or d.touched < now() - interval '1 day')
      order by d.id limit p_limit for update skip locked)
    returning b.id, b.name
  )
  select coalesce(jsonb_agg(jsonb_build_object('id', id::text, 'name', name)), '[]') into v_answer from doomed;
  return v_answer;
end
$$;

-- Drops the rows of condemned objects that have been deleted.
create or replace function public.holdfast_forget(p_store text, p_bodies jsonb)
returns void language plpgsql volatile security invoker set search_path = '' as $$
begin
  perform holdfast.check_owner(p_store::bigint);
  delete from holdfast.bodies where store = p_store::bigint and condemned and refs = 0
    and id in (select body::bigint from jsonb_array_elements_text(p_bodies) body);
end
$$;

-- One step of a sweep of kept versions, [from, below). `p_due`: which ones go beside those that have expired: none, all,
-- replaced before `p_before`, or those of keys that do not stand. Answers how many went and whether there may be more.
create or replace function public.holdfast_sweep(
  p_store text, p_from text, p_below text, p_due text, p_before bigint, p_now bigint)
returns jsonb language plpgsql volatile security invoker set search_path = '' as $$
declare
  c_step constant integer := 256;
  v_store constant bigint := p_store::bigint;
  v_count integer;
begin
  perform holdfast.check_owner(v_store);
  with due as (
    select v.key, v.version from holdfast.versions v
    where v.store = v_store and v.key >= p_from and (p_below is null or v.key < p_below)
      and (v.expires <= p_now or p_due = 'all' or p_due = 'old' and v.replaced < p_before
        or p_due = 'gone' and not exists (
          select 1 from holdfast.items i
          where i.store = v_store and i.key = v.key and (i.expires is null or i.expires > p_now)))
    order by v.key, v.version limit c_step for update
  ), dropped as (
    delete from holdfast.versions v using due where v.store = v_store and v.key = due.key and v.version = due.version
    returning 1
  )
  select count(*) into v_count from dropped;
  return jsonb_build_object('dropped', v_count, 'more', v_count >= c_step);
end
$$;

-- Replaces `encryption` in the header of one version, standing or kept, where it reads `p_from`, and nothing else. Answers whether it
-- did, and the header as it reads now; null where that version is not there.
create or replace function public.holdfast_rewrap(p_store text, p_key text, p_version text, p_from text, p_to text)
returns jsonb language plpgsql volatile security invoker set search_path = '' as $$
declare
  v_store constant bigint := p_store::bigint;
  v_done boolean := false;
  v_answer jsonb;
begin
  perform holdfast.check_store(v_store);
  if not holdfast.is_mine(v_store) and holdfast.share_role(v_store, p_key) is distinct from 'editor' then
    raise exception 'HF004: who may edit is who shares, and who was made an editor';
  end if;
  if p_to is not null then
    if holdfast.read_header(p_to) - 'encryption' is distinct from holdfast.read_header(p_from) - 'encryption' then
      raise exception 'HF006: of a header nothing but its encryption can be replaced';
    end if;
    update holdfast.items set header = p_to
      where store = v_store and key = p_key and version = p_version and header = p_from;
    v_done := found;
    if not v_done then
      update holdfast.versions set header = p_to
        where store = v_store and key = p_key and version = p_version and header = p_from;
      v_done := found;
    end if;
  end if;
  select jsonb_build_object('done', v_done, 'header', header) into v_answer from (
    select header from holdfast.items where store = v_store and key = p_key and version = p_version
    union all
    select header from holdfast.versions where store = v_store and key = p_key and version = p_version) one limit 1;
  return v_answer;
end
$$;

-- Drops one kept version.
create or replace function public.holdfast_drop(p_store text, p_key text, p_version text)
returns void language plpgsql volatile security invoker set search_path = '' as $$
begin
  perform holdfast.check_owner(p_store::bigint);
  delete from holdfast.versions where store = p_store::bigint and key = p_key and version = p_version;
end
$$;

-- Writes terms anew, [{key, version, terms}], of items that still have that version.
create or replace function public.holdfast_reindex(p_store text, p_entries jsonb)
returns void language plpgsql volatile security invoker set search_path = '' as $$
declare
  v_store constant bigint := p_store::bigint;
  v_entry jsonb;
  v_item record;
begin
  perform holdfast.check_owner(v_store);
  for v_entry in select e from jsonb_array_elements(p_entries) e order by e ->> 'key' loop
    select id, tags, terms into v_item from holdfast.items
      where store = v_store and key = v_entry ->> 'key' and version = v_entry ->> 'version' for update;
    continue when not found;
    update holdfast.items set terms = array(select jsonb_array_elements_text(v_entry -> 'terms')) where id = v_item.id;
    perform holdfast.index_item(v_store, v_item.id, v_item.tags, v_item.terms);
  end loop;
end
$$;

-- Notes which tokenizer the whole index was built with.
create or replace function public.holdfast_reindexed(p_store text, p_tokenizer integer)
returns void language plpgsql volatile security invoker set search_path = '' as $$
begin
  perform holdfast.check_owner(p_store::bigint);
  update holdfast.stores set tokenizer = p_tokenizer where id = p_store::bigint;
end
$$;

-- Shares a key or what starts with a prefix, with one user or, without a grantee, with all; without a role takes that back.
-- Answers whether there was such a share before.
create or replace function public.holdfast_share(p_store text, p_prefix text, p_whole boolean, p_grantee uuid, p_role text)
returns boolean language plpgsql volatile security invoker set search_path = '' as $$
declare
  v_found boolean;
begin
  perform holdfast.check_owner(p_store::bigint);
  if p_role is null then
    delete from holdfast.shares where store = p_store::bigint and prefix = p_prefix and whole = p_whole
      and grantee is not distinct from p_grantee;
    return found;
  end if;
  v_found := exists (
    select 1 from holdfast.shares where store = p_store::bigint and prefix = p_prefix and whole = p_whole
      and grantee is not distinct from p_grantee);
  -- The same may be shared twice at once: the later one counts.
  insert into holdfast.shares (store, prefix, whole, grantee, role) values (p_store::bigint, p_prefix, p_whole, p_grantee, p_role)
    on conflict (store, prefix, whole, coalesce(grantee, '00000000-0000-0000-0000-000000000000')) do update
    set role = excluded.role, created = excluded.created;
  return v_found;
end
$$;
