-- Holdfast 4: reading. Each answer is one JSON value: the server's limit on rows would cut a set off in silence. Safe to run again.
--
-- A header travels as [header, created].

create or replace function holdfast.base64(p_bytes bytea)
returns text language sql immutable set search_path = '' as $$
  select translate(encode(p_bytes, 'base64'), E'\n', '')
$$;

create or replace function holdfast.record_json(p_header text, p_created bigint, p_body bytea, p_parts bigint[], p_hashes bytea)
returns jsonb language sql stable security invoker set search_path = '' as $$
  select jsonb_build_object(
    'header', jsonb_build_array(p_header, p_created),
    'body', holdfast.base64(p_body),
    'hashes', holdfast.base64(p_hashes),
    'parts', case when p_parts is null then null else (
      select jsonb_agg(jsonb_build_object('name', b.name, 'size', b.size) order by p.n)
      from unnest(p_parts) with ordinality p (id, n) join holdfast.bodies b on b.id = p.id) end)
$$;

-- The living record of a key; with a version, that one, standing or kept. Null where there is none.
create or replace function public.holdfast_get(p_store text, p_key text, p_now bigint, p_version text)
returns jsonb language plpgsql stable security invoker set search_path = '' as $$
declare
  v_store constant bigint := p_store::bigint;
  v_answer jsonb;
begin
  select holdfast.record_json(header, created, body, parts, hashes) into v_answer from holdfast.items
    where store = v_store and key = p_key and (expires is null or expires > p_now) and (p_version is null or version = p_version);
  if found then return v_answer; end if;
  if p_version is not null then
    select holdfast.record_json(header, created, body, parts, hashes) into v_answer from holdfast.versions
      where store = v_store and key = p_key and version = p_version and (expires is null or expires > p_now);
    if found then return v_answer; end if;
  end if;
  perform holdfast.check_store(v_store);
  return null;
end
$$;

create or replace function public.holdfast_stat(p_store text, p_key text, p_now bigint)
returns jsonb language plpgsql stable security invoker set search_path = '' as $$
declare
  v_answer jsonb;
begin
  select jsonb_build_array(header, created) into v_answer from holdfast.items
    where store = p_store::bigint and key = p_key and (expires is null or expires > p_now);
  if not found then perform holdfast.check_store(p_store::bigint); end if;
  return v_answer;
end
$$;

-- Living headers of [p_from, p_below), behind p_after, in the order of their keys.
create or replace function public.holdfast_list(
  p_store text, p_from text, p_below text, p_after text, p_limit integer, p_now bigint)
returns jsonb language plpgsql stable security invoker set search_path = '' as $$
declare
  v_items jsonb;
begin
  select jsonb_agg(jsonb_build_array(header, created) order by key) into v_items from (
    select key, header, created from holdfast.items
    where store = p_store::bigint and key >= p_from and (p_below is null or key < p_below)
      and (p_after is null or key > p_after) and (expires is null or expires > p_now)
    order by key limit p_limit) page;
  if v_items is null then perform holdfast.check_store(p_store::bigint); end if;
  return jsonb_build_object(
    'items', coalesce(v_items, '[]'), 'has_more', coalesce(jsonb_array_length(v_items), 0) >= p_limit);
end
$$;

-- What a query finds. p_query: {from, below, after, tags, terms, ends, texts, order, descending, limit, offset, count}, where a
-- term matches what is in [term, end), `texts` are pieces of JSON that a header must have in writing, and `after` leads on in the
-- order of keys. Answers [header, created, number of terms met exactly] for each; with `count`, how many there are.
create or replace function public.holdfast_query(p_store text, p_query jsonb, p_now bigint)
returns jsonb language plpgsql stable security invoker set search_path = '' as $$
declare
  v_store constant bigint := p_store::bigint;
  v_from constant text := p_query ->> 'from';
  v_below constant text := p_query ->> 'below';
  v_after constant text := p_query ->> 'after';
  v_tags constant text[] := array(select holdfast.index_tag(t) from jsonb_array_elements_text(p_query -> 'tags') t);
  v_terms constant text[] := array(select jsonb_array_elements_text(p_query -> 'terms'));
  v_ends constant text[] := array(select jsonb_array_elements_text(p_query -> 'ends'));
  v_texts constant text[] := array(select jsonb_array_elements_text(p_query -> 'texts'));
  v_limit constant bigint := (p_query ->> 'limit')::bigint;
  v_offset constant bigint := (p_query ->> 'offset')::bigint;
  v_where text := 'i.store = $1 and (i.expires is null or i.expires > $2) and i.key >= $3';
  v_exact text := '0';
  v_order text;
  v_answer jsonb;
begin
  perform holdfast.check_store(v_store);
  if v_below is not null then v_where := v_where || ' and i.key < $4'; end if;
  if v_after is not null then v_where := v_where || ' and i.key > $5'; end if;
  for n in 1 .. cardinality(v_tags) loop
    v_where := v_where || format(
      ' and exists (select 1 from holdfast.tags t where t.store = $1 and t.tag = $6[%s] and t.item = i.id)', n);
  end loop;
  for n in 1 .. cardinality(v_terms) loop
    v_where := v_where || format(
      ' and exists (select 1 from holdfast.terms t where t.store = $1 and t.term >= $7[%s] and t.term < $8[%s] and t.item = i.id)',
      n, n);
    v_exact := v_exact || format(' + ($7[%s] = any (i.terms))::integer', n);
  end loop;
  for n in 1 .. cardinality(v_texts) loop
    v_where := v_where || format(' and strpos(i.header, $9[%s]) > 0', n);
  end loop;
  if p_query ->> 'count' = 'true' then
    execute 'select to_jsonb(count(*)) from holdfast.items i where ' || v_where into v_answer
      using v_store, p_now, v_from, v_below, v_after, v_tags, v_terms, v_ends, v_texts;
    return v_answer;
  end if;
  v_order := case p_query ->> 'order'
    when 'rank' then 'exact desc, modified desc, key'
    when 'created' then 'created %s, key'
    when 'modified' then 'modified %s, key'
    when 'size' then 'size %s, key'
    when 'expiration' then 'expires is null, expires %s, key'
    else 'key %s' end;
  v_order := replace(v_order, '%s', case when (p_query ->> 'descending')::boolean then 'desc' else 'asc' end);
  execute format(
    'select coalesce(jsonb_agg(jsonb_build_array(header, created, exact) order by %2$s), ''[]'') from (
       select i.key, i.header, i.created, i.modified, i.size, i.expires, %3$s as exact from holdfast.items i
       where %1$s order by %2$s limit $10 offset $11) page', v_where, v_order, v_exact) into v_answer
    using v_store, p_now, v_from, v_below, v_after, v_tags, v_terms, v_ends, v_texts, v_limit, v_offset;
  return jsonb_build_object('items', v_answer, 'has_more', jsonb_array_length(v_answer) >= v_limit);
end
$$;

-- Kept versions of a key, newest first, as [header, created, replaced].
create or replace function public.holdfast_history(p_store text, p_key text, p_now bigint)
returns jsonb language plpgsql stable security invoker set search_path = '' as $$
declare
  v_answer jsonb;
begin
  perform holdfast.check_store(p_store::bigint);
  select coalesce(jsonb_agg(jsonb_build_array(header, created, replaced) order by version desc), '[]') into v_answer
    from holdfast.versions where store = p_store::bigint and key = p_key and (expires is null or expires > p_now);
  return v_answer;
end
$$;

-- Kept versions of all keys, by key and version, behind a place, as [header, created].
create or replace function public.holdfast_kept(p_store text, p_key text, p_version text, p_limit integer, p_now bigint)
returns jsonb language plpgsql stable security invoker set search_path = '' as $$
declare
  v_answer jsonb;
begin
  perform holdfast.check_store(p_store::bigint);
  select coalesce(jsonb_agg(jsonb_build_array(header, created) order by key, version), '[]') into v_answer from (
    select key, version, header, created from holdfast.versions
    where store = p_store::bigint and (expires is null or expires > p_now)
      and (p_key is null or (key, version) > (p_key, p_version))
    order by key, version limit p_limit) page;
  return v_answer;
end
$$;

-- The entries behind a place in the feed, as [seq, type, key, version], and how far it was looked: up to the last of them where there are
-- p_limit, else to the store's newest, whose entry somebody else's eyes may be for. Null where the feed does not lead on from there. The
-- version of the entry at that place must be the one named: a database that was put back from a copy has others. A place whose entry is
-- not seen is named `-`, and is good as long as the feed reaches back to it.
create or replace function public.holdfast_feed(p_store text, p_seq text, p_version text, p_limit integer)
returns jsonb language plpgsql stable security invoker set search_path = '' as $$
declare
  v_store constant bigint := p_store::bigint;
  v_seq constant bigint := p_seq::bigint;
  v_entries jsonb;
  v_looked jsonb;
begin
  perform holdfast.check_store(v_store);
  if p_version = '-' then
    if not exists (select 1 from holdfast.stores where id = v_store and v_seq between trimmed and seq) then
      return null;
    end if;
  elsif v_seq > 0 then
    if not exists (select 1 from holdfast.feed where store = v_store and seq = v_seq and version = p_version)
      or exists (select 1 from holdfast.stores where id = v_store and trimmed >= v_seq) then
      return null;
    end if;
  elsif exists (select 1 from holdfast.stores where id = v_store and trimmed > 0) then
    return null;
  end if;
  select coalesce(jsonb_agg(jsonb_build_array(seq::text, type, key, version) order by seq), '[]') into v_entries from (
    select seq, type, key, version from holdfast.feed where store = v_store and seq > v_seq order by seq limit p_limit) page;
  if jsonb_array_length(v_entries) >= p_limit then
    v_looked := v_entries -> -1 -> 0;
  else
    select to_jsonb(seq::text) into v_looked from holdfast.stores where id = v_store;
  end if;
  return jsonb_build_object('entries', v_entries, 'looked', v_looked);
end
$$;

-- The newest entry, as [seq, version]; ["0", null] before the first. For who sees none, as what is shared with them has not been
-- written to for long or ever, the store's newest number, which its row tells them anyway, and `-`.
create or replace function public.holdfast_feed_end(p_store text)
returns jsonb language plpgsql stable security invoker set search_path = '' as $$
declare
  v_answer jsonb;
begin
  perform holdfast.check_store(p_store::bigint);
  select jsonb_build_array(seq::text, version) into v_answer from holdfast.feed
    where store = p_store::bigint order by seq desc limit 1;
  if v_answer is null then
    select jsonb_build_array(seq::text, '-') into v_answer from holdfast.stores where id = p_store::bigint and seq > 0;
  end if;
  return coalesce(v_answer, '["0", null]');
end
$$;

-- Every key as it stands, living, expired or deleted, as [type, key, version] in the order of keys, behind p_after.
create or replace function public.holdfast_standing(p_store text, p_after text, p_limit integer)
returns jsonb language plpgsql stable security invoker set search_path = '' as $$
declare
  v_store constant bigint := p_store::bigint;
  v_answer jsonb;
begin
  perform holdfast.check_store(v_store);
  select coalesce(jsonb_agg(jsonb_build_array(type, key, version) order by key), '[]') into v_answer from (
    (select 'save' as type, key, version from holdfast.items
      where store = v_store and (p_after is null or key > p_after) order by key limit p_limit)
    union all
    (select 'delete', key, version from holdfast.tombstones
      where store = v_store and (p_after is null or key > p_after) order by key limit p_limit)
    order by 2 limit p_limit) page;
  return jsonb_build_object('changes', v_answer, 'has_more', jsonb_array_length(v_answer) >= p_limit);
end
$$;

create or replace function public.holdfast_info(p_store text, p_now bigint)
returns jsonb language plpgsql stable security invoker set search_path = '' as $$
begin
  perform holdfast.check_store(p_store::bigint);
  return (
    select jsonb_build_object('items', count(*), 'bytes', coalesce(sum(stored), 0))
    from holdfast.items where store = p_store::bigint and (expires is null or expires > p_now));
end
$$;

-- What the store's owner has shared, as {prefix, whole, grantee, role}.
create or replace function public.holdfast_shares(p_store text)
returns jsonb language plpgsql stable security invoker set search_path = '' as $$
begin
  perform holdfast.check_owner(p_store::bigint);
  return (
    select coalesce(jsonb_agg(jsonb_build_object('prefix', prefix, 'whole', whole, 'grantee', grantee, 'role', role)
      order by prefix, whole, grantee nulls first), '[]')
    from holdfast.shares where store = p_store::bigint);
end
$$;

-- What others have shared with who asks, as {owner, name, prefix, whole, role}. What is published for all is not among it.
create or replace function public.holdfast_received()
returns jsonb language sql stable security invoker set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object(
      'owner', s.owner, 'name', s.name, 'prefix', h.prefix, 'whole', h.whole, 'role', h.role)
    order by s.owner, s.name, h.prefix, h.whole), '[]')
  from holdfast.shares h join holdfast.stores s on s.id = h.store where h.grantee = (select auth.uid())
$$;
