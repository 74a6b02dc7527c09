-- Holdfast 5: the private bucket for large bodies, and who may use which object. Safe to run again.

insert into storage.buckets (id, name, public) values ('holdfast', 'holdfast', false)
  on conflict (id) do update set public = false;

-- An object belongs to its row in holdfast.bodies. It is read by the owner of the store, by those with whom an item that has it is
-- shared, and, until an item has it, by who is uploading it.
drop policy if exists holdfast_read on storage.objects;
create policy holdfast_read on storage.objects for select to authenticated
  using (bucket_id = 'holdfast' and exists (
    select 1 from holdfast.bodies b where b.name = objects.name and (
      b.store in (select s.id from holdfast.stores s where s.owner = (select auth.uid()))
      or b.uploader = (select auth.uid()) and b.refs = 0
      or holdfast.sees_body(b.store, b.id))));

-- Only what was staged can be uploaded, and only once: there is no policy to update.
drop policy if exists holdfast_upload on storage.objects;
create policy holdfast_upload on storage.objects for insert to authenticated
  with check (bucket_id = 'holdfast' and exists (
    select 1 from holdfast.bodies b where b.name = objects.name and not b.condemned and b.refs = 0
      and b.uploader = (select auth.uid())));

-- Only what is condemned can be deleted.
drop policy if exists holdfast_delete on storage.objects;
create policy holdfast_delete on storage.objects for delete to authenticated
  using (bucket_id = 'holdfast' and exists (
    select 1 from holdfast.bodies b where b.name = objects.name and b.condemned
      and b.store in (select s.id from holdfast.stores s where s.owner = (select auth.uid()))));
