-- The objects are left: the Storage API deletes them (empty the bucket, then delete it).
drop policy if exists holdfast_read on storage.objects;
drop policy if exists holdfast_upload on storage.objects;
drop policy if exists holdfast_delete on storage.objects;
