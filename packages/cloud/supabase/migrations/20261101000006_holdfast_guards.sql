-- Holdfast 6: what a row may hold and who may change what of it, whichever way it is written, also where the schema is exposed. Safe
-- to run again.

-- The header, made readable: what jsonb does not hold, U+0000 and halves of surrogate pairs, becomes U+0001, which no key has.
create or replace function holdfast.read_header(p_header text)
returns jsonb language plpgsql immutable set search_path = '' as $$
begin
  if strpos(p_header, '\u') = 0 then return p_header::jsonb; end if;
  -- Once backslashes that stand for themselves are gone, every other one begins an escape.
  return regexp_replace(replace(p_header, '\\', '\u005c'), '\\u(0000|d[89a-f][0-9a-f]{2})', '\\u0001', 'gi')::jsonb;
exception when data_exception then
  raise exception 'HF006: a header is a JSON object';
end
$$;

-- A key that core takes, by the rules of its checkKey, and a version that a clock makes. The owner's version may be as far ahead as core
-- lets a clock be, to the year 2200 and a day; of others, who could make that the next one of everybody, it is within two days of the
-- server's clock, or right behind the last one.
create or replace function holdfast.check_change(p_store bigint, p_key text, p_version text)
returns void language plpgsql stable security invoker set search_path = '' as $$
declare
  c_latest constant text := '0699eeb80400';
  c_ahead constant bigint := 172800000;
begin
  if (octet_length(p_key) <= 1024 and p_key !~ '[\u0001-\u001f\u007f-\u009f]|(^|/)(\.{0,2}|\.holdfast)(/|$)') is not true then
    raise exception 'HF006: that is no key';
  end if;
  if (p_version ~ '^[0-9a-f]{12}-[0-9a-f]{4}-[0-9a-f]{12}$' and left(p_version, 12) collate "C" <= c_latest) is not true then
    raise exception 'HF005: that is no version';
  end if;
  if left(p_version, 12) collate "C" > lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint + c_ahead), 12, '0')
    and not holdfast.is_mine(p_store) and ('x' || left(p_version, 12))::bit(48)::bigint > (
      select coalesce(('x' || left(s.last_version, 12))::bit(48)::bigint, 0) + 1000 from holdfast.stores s where s.id = p_store)
  then
    raise exception 'HF005: the version is too far ahead of the clock of the server';
  end if;
end
$$;

-- A header of its row, with all that core reads of every header: else one item would make a list fail, or begin anew for ever. Times
-- are what a date can be. Paths are strict: lax ones look into lists, and would take [0, "x"] for a time.
create or replace function holdfast.check_record() returns trigger language plpgsql security invoker set search_path = '' as $$
declare
  h constant jsonb := holdfast.read_header(new.header);
begin
  perform holdfast.check_change(new.store, new.key, new.version);
  if (jsonb_typeof(h) = 'object' and h ->> 'key' = new.key and h ->> 'version' = new.version
    and jsonb_typeof(h -> 'key') = 'string' and jsonb_typeof(h -> 'format') = 'string' and jsonb_typeof(h -> 'checksum') = 'string'
    and jsonb_typeof(h -> 'size') = 'number' and jsonb_typeof(h -> 'storedSize') = 'number'
    and jsonb_path_exists(h, 'strict $.modified ? (@ >= -8640000000000000 && @ <= 8640000000000000)', silent => true)
    and jsonb_path_exists(h, 'strict $.expiration ? (@ == null || @ >= -8640000000000000 && @ <= 8640000000000000)', silent => true)
    and jsonb_typeof(h -> 'compression') in ('string', 'null') and jsonb_typeof(h -> 'metadata') = 'object'
    and jsonb_typeof(h -> 'tags') = 'array' and not jsonb_path_exists(h, 'strict $.tags[*] ? (@.type() != "string")', silent => true)
  ) is not true then
    raise exception 'HF006: the header is not that of its key and version, or has not what every header has';
  end if;
  if abs(new.created) > 8640000000000000 or abs(new.expires) > 8640000000000000 then
    raise exception 'HF006: there is no such time';
  end if;
  return null;
end
$$;

create or replace function holdfast.check_tombstone() returns trigger language plpgsql security invoker set search_path = '' as $$
begin
  perform holdfast.check_change(new.store, new.key, new.version);
  return null;
end
$$;

-- What an object is, whose, and who has it stays as it is; which ones are about to be deleted says the owner.
create or replace function holdfast.check_body() returns trigger language plpgsql security invoker set search_path = '' as $$
begin
  if current_user = 'authenticated' then
    if (new.id, new.store, new.name, new.sha256, new.size, new.refs) <> (old.id, old.store, old.name, old.sha256, old.size, old.refs)
      or new.uploader is distinct from old.uploader
      or new.condemned <> old.condemned and not holdfast.is_mine(old.store)
    then
      raise exception 'HF004: only the owner may do this, and to what an object is, nobody';
    end if;
    if new.touched <> old.touched then new.touched := now(); end if;
  end if;
  return new;
end
$$;

-- Counts who has an object, for whoever changes that: nobody has the privilege to count by themselves. Of the row's own store only,
-- as ids of others' objects can be made up.
create or replace function holdfast.count_references() returns trigger language plpgsql security definer set search_path = '' as $$
declare
  v_store bigint;
  v_old bigint[];
  v_new bigint[];
begin
  if tg_op <> 'INSERT' then v_store := old.store; v_old := old.parts; end if;
  if tg_op <> 'DELETE' then v_store := new.store; v_new := new.parts; end if;
  update holdfast.bodies b set refs = b.refs + n.change, touched = now()
    from (
      select part, sum(step)::integer as change
      from (select unnest(v_new) as part, 1 as step union all select unnest(v_old), -1) one group by part) n
    where b.id = n.part and b.store = v_store;
  return null;
end
$$;

do $$
declare
  v_table text;
begin
  foreach v_table in array array['items', 'versions'] loop
    execute format('drop trigger if exists check_record on holdfast.%I', v_table);
    execute format(
      'create trigger check_record after insert or update of key, version, header, created, expires on holdfast.%I
         for each row execute function holdfast.check_record()', v_table);
    execute format('drop trigger if exists count_added on holdfast.%I', v_table);
    execute format(
      'create trigger count_added after insert on holdfast.%I for each row when (new.parts is not null)
         execute function holdfast.count_references()', v_table);
    execute format('drop trigger if exists count_changed on holdfast.%I', v_table);
    execute format(
      'create trigger count_changed after update of parts on holdfast.%I for each row when (new.parts is distinct from old.parts)
         execute function holdfast.count_references()', v_table);
    execute format('drop trigger if exists count_dropped on holdfast.%I', v_table);
    execute format(
      'create trigger count_dropped after delete on holdfast.%I for each row when (old.parts is not null)
         execute function holdfast.count_references()', v_table);
  end loop;
end
$$;
drop trigger if exists check_tombstone on holdfast.tombstones;
create trigger check_tombstone after insert or update on holdfast.tombstones
  for each row execute function holdfast.check_tombstone();
drop trigger if exists check_body on holdfast.bodies;
create trigger check_body before update on holdfast.bodies for each row execute function holdfast.check_body();

-- What the project lacks of what guards the rows, lets them be used, and tells of them, as text; nothing that users of the project may
-- ask. The functions of `public` are asked for by calling them.
create or replace function public.holdfast_check()
returns jsonb language sql stable security invoker set search_path = '' as $$
  with policies (place, names) as (values
    ('holdfast.stores', '{owner,guest_read}'::text[]),
    ('holdfast.items', '{owner,guest_read,guest_insert,guest_update,guest_delete}'),
    ('holdfast.tags', '{owner,guest_read,guest_write}'),
    ('holdfast.terms', '{owner,guest_read,guest_write}'),
    ('holdfast.tombstones', '{owner,guest_write}'),
    ('holdfast.versions', '{owner,guest_write}'),
    ('holdfast.feed', '{owner,guest_read}'),
    ('holdfast.bodies', '{owner,guest_read,guest_insert,guest_update}'),
    ('holdfast.shares', '{owner,guest_read}'),
    ('storage.objects', '{holdfast_read,holdfast_upload,holdfast_delete}')
  ), triggers (place, names) as (values
    ('holdfast.stores', '{drop_index}'::text[]),
    ('holdfast.items', '{check_record,count_added,count_changed,count_dropped}'),
    ('holdfast.versions', '{check_record,count_added,count_changed,count_dropped}'),
    ('holdfast.tombstones', '{check_tombstone}'),
    ('holdfast.bodies', '{check_body}')
  ), functions (signature) as (values
    ('drop_index()'), ('share_role(bigint, text)'), ('store_role(bigint)'), ('sees_body(bigint, bigint)'),
    ('may_refer(bigint, bigint[])'), ('check_store(bigint)'), ('is_mine(bigint)'), ('check_owner(bigint)'), ('index_tag(text)'),
    ('index_item(bigint, bigint, text[], text[])'), ('drop_surplus(bigint, text, integer)'), ('drop_plain(bigint, text)'),
    ('enter_feed(bigint, text[], text[], text[])'), ('was_done(bigint, text, text)'), ('done_before(bigint, jsonb)'),
    ('base64(bytea)'), ('record_json(text, bigint, bytea, bigint[], bytea)'), ('read_header(text)'),
    ('check_change(bigint, text, text)'), ('check_record()'), ('check_tombstone()'), ('check_body()'), ('count_references()')
  ), present (oid, signature, of_schema, of_trigger) as (
    select p.oid, p.proname || '(' || pg_catalog.oidvectortypes(p.proargtypes) || ')', n.nspname, p.prorettype = 'trigger'::regtype
    from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'holdfast' or n.nspname = 'public' and p.proname like 'holdfast\_%'
  ), privileges (name, privilege, columns) as (values
    -- Of who is signed in; without columns, of the whole table.
    ('stores', 'select', null::text[]), ('stores', 'insert', '{owner,name,tokenizer}'), ('stores', 'update', '{tokenizer,keep}'),
    ('stores', 'delete', null),
    ('items', 'select', null), ('items', 'insert', null), ('items', 'delete', null),
    ('items', 'update', '{version,header,created,modified,expires,size,stored,tags,terms,body,parts,hashes,encrypted}'),
    ('tags', 'select', null), ('tags', 'insert', null), ('tags', 'delete', null),
    ('terms', 'select', null), ('terms', 'insert', null), ('terms', 'delete', null),
    ('tombstones', 'select', null), ('tombstones', 'insert', null), ('tombstones', 'update', '{version}'), ('tombstones', 'delete', null),
    ('versions', 'select', null), ('versions', 'insert', null), ('versions', 'delete', null),
    ('versions', 'update', '{header,created,expires,body,parts,hashes,encrypted,replaced}'),
    ('feed', 'select', null),
    ('bodies', 'select', null), ('bodies', 'insert', '{store,name,sha256,size,uploader}'), ('bodies', 'update', '{condemned,touched}'),
    ('bodies', 'delete', null),
    ('shares', 'select', null), ('shares', 'insert', null), ('shares', 'update', null), ('shares', 'delete', null)
  ), granted (role, name, privilege, columns) as (
    select 'authenticated', name, privilege, columns from privileges
    union all
    select distinct 'service_role', p.name, all_of.privilege, null::text[] from privileges p,
      unnest('{select,insert,update,delete}'::text[]) as all_of (privilege)
  ), missing (what) as (
    select 'the policy ' || name || ' on ' || place from policies, unnest(names) name
      where not exists (
        select 1 from pg_catalog.pg_policies p where p.schemaname || '.' || p.tablename = place and p.policyname = name)
    union all
    select 'the policy ' || p.policyname || ' on ' || place || ' is none of Holdfast''s' from policies
      join pg_catalog.pg_policies p on p.schemaname || '.' || p.tablename = place
      where p.schemaname = 'holdfast' and p.policyname <> all (names)
    union all
    select 'row-level security on ' || place from policies
      where not exists (
        select 1 from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where n.nspname || '.' || c.relname = place and c.relrowsecurity)
    union all
    select 'the trigger ' || name || ' on ' || place from triggers, unnest(names) name
      where not exists (
        select 1 from pg_catalog.pg_trigger t join pg_catalog.pg_class c on c.oid = t.tgrelid
          join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where n.nspname || '.' || c.relname = place and t.tgname = name and t.tgenabled in ('O', 'A'))
    union all
    select 'the function holdfast.' || f.signature from functions f
      where not exists (select 1 from present p where p.of_schema = 'holdfast' and p.signature = f.signature)
    union all
    select 'the privilege of ' || role || ' to execute ' || p.of_schema || '.' || p.signature
      from present p, unnest('{authenticated,service_role}'::text[]) role
      where not p.of_trigger and not (role = 'authenticated' and p.signature = 'holdfast_check()')
        and not has_function_privilege(role, p.oid, 'execute')
    union all
    select 'the privilege of ' || role || ' to use the schema holdfast'
      from pg_catalog.pg_namespace n, unnest('{authenticated,service_role}'::text[]) role
      where n.nspname = 'holdfast' and not has_schema_privilege(role, n.oid, 'usage')
    union all
    select 'the privilege of ' || g.role || ' to ' || g.privilege || ' holdfast.' || g.name
      from granted g join pg_catalog.pg_class c on c.relname = g.name
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.nspname = 'holdfast'
      where not has_table_privilege(g.role, c.oid, g.privilege) and (g.columns is null or exists (
        select 1 from unnest(g.columns) name where not exists (
          select 1 from pg_catalog.pg_attribute a
          where a.attrelid = c.oid and a.attname = name and has_column_privilege(g.role, c.oid, a.attnum, g.privilege))))
    union all
    select 'the table holdfast.stores in the publication supabase_realtime' from pg_catalog.pg_publication p
      where p.pubname = 'supabase_realtime' and not exists (
        select 1 from pg_catalog.pg_publication_tables t
        where t.pubname = p.pubname and t.schemaname = 'holdfast' and t.tablename = 'stores')
  )
  select coalesce(jsonb_agg(what order by what), '[]') from missing
$$;

-- Whoever is not signed in has no store. Supabase grants new functions of `public` to everybody, so that is taken back.
do $$
declare
  v_function regprocedure;
begin
  for v_function in
    select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'holdfast' or n.nspname = 'public' and p.proname like 'holdfast\_%'
  loop
    execute format('revoke all on function %s from public, anon', v_function);
    execute format('grant execute on function %s to authenticated, service_role', v_function);
  end loop;
end
$$;
revoke all on function public.holdfast_check() from authenticated;
