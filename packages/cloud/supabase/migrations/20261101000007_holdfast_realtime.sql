-- Holdfast 7: lets Realtime tell of writes, where the project has it. Each write counts up `seq` in its store's row, and who may
-- see that row hears of it. Safe to run again.

do $$
begin
  if exists (select 1 from pg_publication where pubname = 'supabase_realtime' and not puballtables) and not exists (
    select 1 from pg_publication_tables
    where pubname = 'supabase_realtime' and schemaname = 'holdfast' and tablename = 'stores'
  ) then
    alter publication supabase_realtime add table holdfast.stores;
  end if;
end
$$;
