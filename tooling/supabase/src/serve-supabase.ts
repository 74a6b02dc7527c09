import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { App, setExperimental } from "@supabase/lite";
import { createPgliteConnection } from "@supabase/lite/pglite";
import { createPostgresConnection } from "@supabase/lite/postgres";
import { objectDirectory } from "./object-directory.ts";

export interface Keys {
  /** For apps: alone, it is an anonymous visitor. */
  readonly publishableKey: string;
  /** For servers: sees everything. */
  readonly secretKey: string;
}

export interface Served {
  readonly url: string;
  sql(text: string): Promise<unknown[]>;
  /** As PostgREST would for a user, or for a visitor (null), in a transaction that is rolled back. */
  sqlAs(user: string | null, text: string): Promise<unknown[]>;
  /** Looks at tables and functions anew, as a hosted project does by itself. */
  reload(): Promise<void>;
  stop(): Promise<void>;
}

// What a hosted project has from the start.
const ROLES = `
do $$
begin
  if not exists (select 1 from pg_roles where rolname = 'anon') then create role anon nologin noinherit; end if;
  if not exists (select 1 from pg_roles where rolname = 'authenticated') then create role authenticated nologin noinherit; end if;
  if not exists (select 1 from pg_roles where rolname = 'service_role') then create role service_role nologin noinherit bypassrls; end if;
end
$$;
grant usage on schema public, auth, storage to anon, authenticated, service_role;
grant all on all tables in schema storage to anon, authenticated, service_role;
alter default privileges in schema public grant all on functions to anon, authenticated, service_role;
alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
`;

/** Serves Supabase on 127.0.0.1 over a PostgreSQL database, or over PGlite in this process. */
export async function serveSupabase(
  schema: readonly string[],
  keys: Keys,
  postgres: string | undefined,
): Promise<Served> {
  setExperimental("storage", true);
  const directory = await mkdtemp(join(tmpdir(), "holdfast-objects-"));
  const pglite = postgres === undefined ? await createPgliteConnection({}) : undefined;
  const connection =
    pglite ??
    createPostgresConnection({
      url: postgres ?? "",
      postgresOptions: { types: { json: jsonText(114), jsonb: jsonText(3802) }, onnotice: () => undefined },
    });
  const app = new App({
    connection,
    auth: {
      enabled: true,
      jwt_secret: "a-secret-of-these-tests-alone-0123456789abcdef",
      publishable_key: keys.publishableKey,
      secret_key: keys.secretKey,
      enable_signup: true,
      email: { enable_signup: true, enable_confirmations: false },
    },
    storage: { enabled: true },
    options: { server: { disableStudio: true } },
  });
  app._storageAdapter = objectDirectory(directory);
  await app.ensureSystemSchema();
  await app.init();
  const sql = async (text: string): Promise<unknown[]> => {
    const result: unknown = await connection.exec(text);
    return Array.isArray(result) ? result : ((result as { rows?: unknown[] } | undefined)?.rows ?? []);
  };
  const sqlAs = async (user: string | null, text: string): Promise<unknown[]> => {
    let rows: unknown[] = [];
    const within = async (run: (text: string) => Promise<unknown[]>) => {
      for (const prelude of actAs(user)) await run(prelude);
      rows = await run(text);
      throw new RolledBack();
    };
    try {
      if (pglite !== undefined) {
        await pglite.driver.transaction((open) => within(async (each) => (await open.query(each)).rows));
      } else {
        const { driver } = connection as ReturnType<typeof createPostgresConnection>;
        await driver.begin((open) => within(async (each) => [...(await open.unsafe(each))]));
      }
    } catch (error) {
      if (!(error instanceof RolledBack)) throw error;
    }
    return rows;
  };
  for (const text of [ROLES, ...schema]) await sql(text);
  // The server knows tables and functions from one look at them.
  await connection.clearSchemaCache();

  // With the first request it gives all roles their privileges; requests that come together would collide in that ("tuple concurrently
  // updated"), so that all wait until it is done.
  let privileged: Promise<unknown> | undefined;
  const givePrivileges = () => connection.withContext({ auth: { role: "service_role" } }, async () => undefined);

  const server = serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request: Request, env: unknown) => {
      // The server looks for a function to answer these with, and browsers take no answer but success.
      if (request.headers.has("access-control-request-method")) return preflight(request);
      const { incoming } = env as { incoming: { socket: { remoteAddress?: string } } };
      privileged ??= givePrivileges();
      await privileged;
      const response = await app.fetch(request, { peerAddress: incoming.socket.remoteAddress ?? null });
      // Server and library write the length once each, in different spellings, and no client takes that.
      const headers = new Headers(response.headers);
      headers.delete("content-length");
      // As a hosted project lets any page read any answer; this server forgets it for those about users.
      if (!headers.has("access-control-allow-origin")) headers.set("access-control-allow-origin", "*");
      return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
    },
  });
  // A busy machine would meet connections that are closed for having been idle.
  if ("keepAliveTimeout" in server) server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve) => {
    if (server.listening) resolve();
    else server.once("listening", () => resolve());
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sql,
    sqlAs,
    reload: async () => connection.clearSchemaCache(),
    async stop() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        if ("closeAllConnections" in server) server.closeAllConnections();
      });
      await rm(directory, { recursive: true, force: true });
      await connection.close();
    },
  };
}

/** As a hosted project answers a browser that asks what another origin's page may send. */
function preflight({ headers }: Request): Response {
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "GET, POST, PATCH, PUT, DELETE, OPTIONS, HEAD",
      "access-control-allow-headers": headers.get("access-control-request-headers") ?? "*",
      "access-control-max-age": "86400",
    },
  });
}

class RolledBack extends Error {}

function actAs(user: string | null): string[] {
  const role = user === null ? "anon" : "authenticated";
  const claims = JSON.stringify(user === null ? { role } : { role, sub: user });
  return [
    `set local role ${role}`,
    `select set_config('request.jwt.claims', '${claims}', true)`,
    // The embedded server's auth.uid() looks here.
    `select set_config('request.jwt.claim.sub', '${user ?? ""}', true)`,
  ];
}

// The server hands JSON to the driver as text, which the driver would make a JSON string of.
function jsonText(type: number) {
  return {
    to: type,
    from: [type],
    serialize: (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value)),
    parse: (text: string): unknown => JSON.parse(text),
  };
}
