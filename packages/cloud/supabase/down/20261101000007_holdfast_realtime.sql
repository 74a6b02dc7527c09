do $$
begin
  if exists (
    select 1 from pg_publication_tables
    where pubname = 'supabase_realtime' and schemaname = 'holdfast' and tablename = 'stores'
  ) then
    alter publication supabase_realtime drop table holdfast.stores;
  end if;
end
$$;
