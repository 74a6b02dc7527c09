drop function if exists public.holdfast_check();
do $$
declare
  v_table text;
begin
  foreach v_table in array array['items', 'versions'] loop
    execute format('drop trigger if exists check_record on holdfast.%I', v_table);
    execute format('drop trigger if exists count_added on holdfast.%I', v_table);
    execute format('drop trigger if exists count_changed on holdfast.%I', v_table);
    execute format('drop trigger if exists count_dropped on holdfast.%I', v_table);
  end loop;
end
$$;
drop trigger if exists check_tombstone on holdfast.tombstones;
drop trigger if exists check_body on holdfast.bodies;
drop function if exists holdfast.check_record();
drop function if exists holdfast.check_tombstone();
drop function if exists holdfast.check_body();
drop function if exists holdfast.count_references();
drop function if exists holdfast.check_change(bigint, text, text);
drop function if exists holdfast.read_header(text);
