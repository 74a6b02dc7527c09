drop table if exists holdfast.shares cascade;
drop index if exists holdfast.items_by_part;
drop index if exists holdfast.versions_by_part;
drop function if exists holdfast.share_role(bigint, text) cascade;
drop function if exists holdfast.store_role(bigint) cascade;
drop function if exists holdfast.sees_body(bigint, bigint) cascade;
drop function if exists holdfast.may_refer(bigint, bigint[]) cascade;
