import postgres from "postgres";
import { startServer } from "./test/support/server.ts";
import { cloud } from "@holdfast/cloud";
import { openStorage } from "@holdfast/core";
const server = await startServer("postgres");
const user = await server.signUp();
const storage = await openStorage(cloud({ client: user.client }));
await storage.save("x", 1);
const sql = postgres(server.postgres ?? "", { max: 1, onnotice: () => undefined });
const [row] = await sql`select id::text from holdfast.stores`;
const store = String(row?.["id"]);
await sql`set track_functions = 'all'`;
await sql`set role authenticated`;
await sql`select set_config('request.jwt.claims', ${JSON.stringify({ role: "authenticated", sub: user.id })}, false)`;
await sql`select set_config('request.jwt.claim.sub', ${user.id}, false)`;
const write = (n: number) => ({ type: "put", key: `k${n}`, version: `${(10 ** 12 + n).toString(16).padStart(12, "0")}-0000-00000000c0de`, expect: "any", header: JSON.stringify({ key: `k${n}` }), created: 0, modified: 0, expires: null, size: 1, stored: 1, tags: ["a", "b"], terms: Array.from({ length: 16 }, (_, i) => `t${(n * 7 + i) % 500}`).sort(), body: "MQ==", hashes: null });
const call = (writes: object[]) => sql`select public.holdfast_write(${store}, ${sql.json(writes as never)}, 0, null)`;
for (const [name, count, size] of [["one by one", 300, 1], ["batches of 50", 6, 50], ["batch of 256", 1, 256]] as const) {
  const base = { "one by one": 0, "batches of 50": 10_000, "batch of 256": 20_000 }[name];
  const t = performance.now();
  for (let i = 0; i < count; i++) await call(Array.from({ length: size }, (_, j) => write(base + i * size + j)));
  console.log(name, ((performance.now() - t) / count / size).toFixed(2), "ms an item");
}
await sql`reset role`;
await sql`select pg_stat_force_next_flush()`;
console.table((await sql`select funcname, calls, round(total_time::numeric) as total, round(self_time::numeric) as self from pg_stat_user_functions order by self_time desc limit 12`).map((r) => ({ ...r })));
console.table((await sql`select relname, seq_scan, seq_tup_read, idx_scan, idx_tup_fetch from pg_stat_user_tables where schemaname = 'holdfast'`).map((r) => ({ ...r })));
await sql.end(); await storage.close(); await server.stop();
