-- Only what was added as a table can be taken out; a publication of all tables, or of all of a schema, is the project's own.
do $$
begin
  if exists (
    select 1 from pg_publication_rel r join pg_publication p on p.oid = r.prpubid
    where p.pubname = 'supabase_realtime' and r.prrelid = to_regclass('holdfast.stores')
  ) then
    alter publication supabase_realtime drop table holdfast.stores;
  end if;
end
$$;
