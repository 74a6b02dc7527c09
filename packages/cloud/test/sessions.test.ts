import { inspect } from "node:util";
import { cloud } from "@holdfast/cloud";
import { openStorage, systemPorts } from "@holdfast/core";
import type { EmbeddedSupabase } from "@holdfast/supabase";
import { createClient } from "@supabase/supabase-js";
import { beforeAll, expect, it, vi } from "vitest";
import { expectBytes } from "./support/same-bytes.ts";
import { sharedServer } from "./support/shared-server.ts";

const LARGE = new Uint8Array(100_000).fill(7);

let server: EmbeddedSupabase;

beforeAll(async () => {
  server = sharedServer();
});

it("says UNAUTHORIZED once the user has signed out", async () => {
  const { client } = await server.signUp();
  const storage = await openStorage(cloud({ client }));
  await storage.save("k", 1);
  await client.auth.signOut();
  for (const call of [() => storage.save("k", 2), () => storage.load("k"), () => storage.list()]) {
    await expect(call()).rejects.toMatchObject({ code: "UNAUTHORIZED", retryable: false });
  }
  await storage.close();
});

it("says UNAUTHORIZED, and shows nothing, when another user has signed in on the client", async () => {
  const { client } = await server.signUp();
  const storage = await openStorage(cloud({ client }));
  await storage.save("k", 1);
  const other = await server.signUp();
  await client.auth.signInWithPassword({ email: other.email, password: other.password });
  for (const call of [
    () => storage.save("k", 2),
    () => storage.delete("k"),
    () => storage.load("k"),
    () => storage.exists("k"),
    () => storage.list(),
    () => storage.search({ text: "k" }),
  ]) {
    await expect(call()).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  }
  await storage.close();
});

it("says UNAUTHORIZED for a token that nobody signed", async () => {
  const client = createClient(server.url, server.publishableKey, { accessToken: async () => "no.such.token" });
  await expect(openStorage(cloud({ client }))).rejects.toMatchObject({ code: "UNAUTHORIZED" });
});

it("makes a request once more with a new token when the old one was refused", async () => {
  const { email, password } = await server.signUp();
  let refuse = 0;
  const refusing = vi.fn((input: RequestInfo | URL, init?: RequestInit) => {
    const headers = new Headers(init?.headers);
    if (refuse > 0 && String(input).includes("/rpc/")) {
      refuse--;
      headers.set("authorization", "Bearer no.such.token");
    }
    return fetch(input, { ...init, headers });
  });
  const client = createClient(server.url, server.publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false },
    global: { fetch: refusing },
  });
  await client.auth.signInWithPassword({ email, password });
  const storage = await openStorage(cloud({ client }));
  refuse = 1;
  const item = await storage.save("k", 1);
  expect(refuse).toBe(0);
  expect(await storage.stat("k")).toEqual(item);
  refuse = 2;
  await expect(storage.load("k")).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  await storage.close();
});

it.each([
  ["than for any answer", "TIMEOUT"],
  ["than the caller does", "ABORTED"],
])("waits for a new token no longer %s", async (_, code) => {
  const PATIENCE = 54_321;
  const schedule = vi.spyOn(systemPorts.timers, "schedule");
  const controller = new AbortController();
  const { email, password } = await server.signUp();
  const asked = Promise.withResolvers<void>();
  let hanging = false;
  const client = createClient(server.url, server.publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false },
    global: {
      fetch: (input, init) => {
        if (hanging && String(input).includes("/token")) {
          asked.resolve();
          return new Promise<never>(() => undefined);
        }
        const headers = new Headers(init?.headers);
        if (hanging) headers.set("authorization", "Bearer no.such.token");
        return fetch(input, { ...init, headers });
      },
    },
  });
  await client.auth.signInWithPassword({ email, password });
  const storage = await openStorage(cloud({ client, timeout: PATIENCE }), { retry: false });
  hanging = true;
  const loading = expect(storage.load("k", { signal: controller.signal })).rejects.toMatchObject({ code });
  await asked.promise;
  if (code === "ABORTED") controller.abort();
  else schedule.mock.calls.findLast(([, after]) => after === PATIENCE)?.[0]();
  await loading;
  await storage.close();
});

it.each([
  [400, { statusCode: "403", error: "Unauthorized", message: "jwt expired" }],
  [400, { statusCode: "403", error: "Unauthorized", message: '"exp" claim timestamp check failed' }],
])("does so for objects too, which are refused in words of their own: %d %o", async (status, body) => {
  const { email, password } = await server.signUp();
  let refuse = 0;
  const client = createClient(server.url, server.publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false },
    global: {
      fetch: async (input, init) => {
        if (refuse === 0 || !String(input).includes("/object/")) return fetch(input, init);
        refuse--;
        return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
      },
    },
  });
  await client.auth.signInWithPassword({ email, password });
  const storage = await openStorage(cloud({ client }));
  for (const work of [() => storage.save("large", LARGE), () => storage.load("large")]) {
    refuse = 1;
    await work();
    expect(refuse).toBe(0);
  }
  refuse = 2;
  await expect(storage.load("large")).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  await storage.close();
});

it("with the secret key opens the store of the owner that is named, and none without", async () => {
  const { client, id } = await server.signUp();
  const storage = await openStorage(cloud({ client }));
  await storage.save("k", "of the user");
  await storage.close();
  const admin = server.client(server.secretKey);
  await expect(openStorage(cloud({ client: admin }))).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  const nobody = "00000000-0000-4000-8000-000000000000";
  await expect(openStorage(cloud({ client: admin, owner: nobody }))).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  const theirs = await openStorage(cloud({ client: admin, owner: id }));
  expect(await theirs.load("k")).toBe("of the user");
  await theirs.save("large", new Uint8Array(100_000));
  expectBytes(await theirs.load("large"), new Uint8Array(100_000));
  await theirs.close();
});

it.each([["document"], ["WorkerGlobalScope", "importScripts"]])(
  "refuses the secret key in a browser: %s",
  async (...names) => {
    const { id } = await server.signUp();
    for (const name of names) vi.stubGlobal(name, {});
    const opening = openStorage(cloud({ client: server.client(server.secretKey), owner: id }));
    await expect(opening).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    await expect(opening).rejects.toThrow(/secret key/);
  },
);

it("tells neither key nor token where one of them cannot be sent", async () => {
  let requests = 0;
  const global = {
    fetch: (...asked: Parameters<typeof fetch>) => {
      requests++;
      return fetch(...asked);
    },
  };
  for (const client of [
    ...["sb_unmistakable\nkey", "sb_unmistakable\u2019key"].map((key) => createClient(server.url, key, { global })),
    ...["unmistakable\ntoken", "unmistakable\u2019token"].map((token) =>
      createClient(server.url, server.publishableKey, { accessToken: async () => token, global }),
    ),
  ]) {
    requests = 0;
    const error: unknown = await openStorage(cloud({ client })).catch((thrown: unknown) => thrown);
    expect(requests).toBeLessThanOrEqual(1);
    expect(error).toMatchObject({ code: "INVALID_OPTION", retryable: false });
    expect(inspect(error, { depth: 10 })).not.toContain("unmistakable");
  }
});

it("tells neither key nor token in what it throws", async () => {
  const { client } = await server.signUp();
  const token = (await client.auth.getSession()).data.session?.access_token ?? "";
  const storage = await openStorage(cloud({ client }));
  await client.auth.signOut();
  const error: unknown = await storage.load("k").catch((thrown: unknown) => thrown);
  const told = JSON.stringify(error, (_, value) =>
    value instanceof Error ? { ...value, message: value.message, stack: value.stack, cause: value.cause } : value,
  );
  expect(told).toContain("UNAUTHORIZED");
  for (const secret of [server.publishableKey, server.secretKey, token]) expect(told).not.toContain(secret);
  await storage.close();
});
