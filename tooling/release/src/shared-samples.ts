// What is tried alike in Node and in a browser: each a module with a function `tryIt`, which resolves to "kept" where all is well.

/** Core has no store: what it knows is how values are kept. */
export const CORE = `
  import { checksumOf, decodeValue } from "@holdfast/core";
  async function tryIt() {
    const body = new TextEncoder().encode("title: Hello\\n");
    const [size, storedSize] = [body.length, body.length];
    const header = { key: "notes/first", format: "yaml", compression: null, size, storedSize, ...(await checksumOf(body)) };
    const { title } = await decodeValue(header, body);
    return title === "Hello" ? "kept" : title;
  }
`;

/** On a server that knows one item: what a project of Supabase answers to what is asked here, by docs/cloud.md. */
const CLOUD = `
  import { openStorage } from "@holdfast/core";
  import { cloud } from "@holdfast/cloud";
  let kept = null;
  const answers = {
    holdfast_open: ({ p_tokenizer: tokenizer }) =>
      ({ layout: 1, store: "s", epoch: "e", tokenizer, lastVersion: null, owner: "o", role: "authenticated", mine: true }),
    holdfast_write: ({ p_writes: [{ header, created, body }] }) => {
      kept = { header: [header, created], body, hashes: null, parts: null };
      return { outcome: "applied", results: [{ outcome: "written", created }] };
    },
    holdfast_get: () => kept,
  };
  async function tryOn(client) {
    const storage = await openStorage(cloud({ client }));
    await storage.save("notes/first", { title: "Hello" });
    const value = await storage.load("notes/first");
    await storage.close();
    return value.title === "Hello" ? "kept" : value;
  }
`;

/** With the client that the package brings along. */
export const CLOUD_BY_SUPABASE = `
  import { createClient } from "@supabase/supabase-js";
  ${CLOUD}
  async function fetch(input, { body }) {
    return Response.json(answers[String(input).split("/").at(-1)](JSON.parse(body)));
  }
  const auth = { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false };
  const tryIt = () => tryOn(createClient("http://127.0.0.1:1", "sb_publishable_nothing", { auth, global: { fetch } }));
`;

/** With a client of the app's own: the files of Supabase's name each other as only bundlers and Node understand. */
export const CLOUD_BY_ITSELF = `
  ${CLOUD}
  const rpc = (name, parameters) => ({ abortSignal: async () => ({ data: answers[name](parameters), error: null }) });
  const tryIt = () => tryOn({ rpc, storage: {}, auth: {} });
`;

/** The suite finds out an adapter that cannot even be opened, in every case. */
export const CONFORMANCE = `
  import { plain, runConformance, themes } from "@holdfast/conformance";
  const none = { name: "none", open: () => Promise.reject(new Error("nothing is there")) };
  const harness = { name: "none", open: async () => ({ adapter: () => none, destroy: async () => undefined }) };
  async function tryIt() {
    const results = [];
    const chosen = { modes: [plain], themes: themes.filter(({ name }) => name === "keys") };
    for await (const { passed } of runConformance(harness, chosen)) results.push(passed);
    return results.length > 0 && !results.includes(true) ? "kept" : results;
  }
`;
