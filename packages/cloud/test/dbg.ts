import { startServer } from "/work/wt/cloud/packages/cloud/test/support/server.ts";
const s = await startServer("postgres");
for (const q of ["select current_user::text as u, auth.uid()::text as i", "select 1 as x from holdfast.stores", "select * from holdfast.items", "select nspacl::text from pg_namespace where nspname='holdfast'", "select relacl::text from pg_class where relname='shares'"]) console.log(q, await s.sqlAs(null, q).then((r) => JSON.stringify(r), (e) => "ERR " + e.message));
await s.stop();
