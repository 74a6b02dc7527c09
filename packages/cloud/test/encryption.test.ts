import { cloud } from "@holdfast/cloud";
import { keyringOf, type MasterKey, masterKeyId, openStorage } from "@holdfast/core";
import type { EmbeddedSupabase, SignedUp } from "@holdfast/supabase";
import { beforeAll, expect, it } from "vitest";
import { sharedServer } from "./support/shared-server.ts";

const SECRET = "unmistakable";

let server: EmbeddedSupabase;
let user: SignedUp;

beforeAll(async () => {
  server = sharedServer();
  user = await server.signUp();
});

async function newKeys() {
  const kept: MasterKey[] = [];
  const load = async () => ({ active: kept.at(-1)?.id ?? "", keys: [...kept] });
  const add = async () => {
    const material = crypto.getRandomValues(new Uint8Array(32));
    kept.push({ id: await masterKeyId(material), material });
    return load();
  };
  await add();
  return { kept, provider: { name: "test", load, add } };
}

interface Trace {
  readonly needle: string;
  readonly place: string;
}

/** Every row of the schema and every object of the user, searched for the text and for keys, in each form in which they could stand there. */
async function found(keys: readonly MasterKey[]): Promise<Trace[]> {
  const needles = [Buffer.from(SECRET), ...keys.map(({ material }) => Buffer.from(material as Uint8Array))];
  const tables = (await server.sql(
    "select table_name as name from information_schema.tables where table_schema = 'holdfast' and table_type = 'BASE TABLE'",
  )) as { name: string }[];
  expect(tables.map(({ name }) => name)).toEqual(expect.arrayContaining(["items", "versions", "bodies"]));
  const places: [place: string, content: Buffer][] = [];
  for (const { name } of tables) {
    const rows = (await server.sql(`select t::text as text from holdfast."${name}" t`)) as { text: string }[];
    for (const { text } of rows) places.push([`a row of ${name}`, Buffer.from(text)]);
  }
  const objects = (await server.sql(
    `select name from storage.objects where bucket_id = 'holdfast' and name like '${user.id}/%'`,
  )) as { name: string }[];
  for (const { name } of objects) {
    const { data } = await user.client.storage.from("holdfast").download(name);
    if (data !== null) places.push([`object ${name}`, Buffer.from(await data.arrayBuffer())]);
  }
  return places.flatMap(([place, content]) =>
    needles
      .filter((needle) => formsOf(needle).some((form) => content.includes(form)))
      .map((needle) => ({ needle: needle.toString("base64"), place })),
  );
}

/** As bytes, as the text of a `bytea`, and as base64 from each of the three places at which it may begin. */
function formsOf(needle: Buffer): (Buffer | string)[] {
  const inBase64 = [0, 1, 2].flatMap((skipped) => {
    const whole = needle.subarray(skipped, skipped + Math.floor((needle.length - skipped) / 3) * 3);
    return [whole.toString("base64"), whole.toString("base64url")];
  });
  return [needle, needle.toString("hex"), ...inBase64];
}

/** What is found of it afterwards. */
async function write(encrypted: boolean): Promise<Trace[]> {
  const { kept, provider } = await newKeys();
  const settings = encrypted ? { encryption: { keys: provider, metadata: true } } : {};
  const adapter = cloud({ client: user.client, store: encrypted ? "sealed" : "plain" });
  const storage = await openStorage(adapter, { history: true, ...settings });
  const large = new TextEncoder().encode(SECRET.repeat(100_000));
  const options = { tags: [SECRET], metadata: { author: SECRET }, compress: false };
  for (const value of [{ text: SECRET }, SECRET.repeat(1_000), large]) {
    await storage.save("a", value, options);
    await storage.saveStream("b", new Blob([large]).stream(), { metadata: options.metadata, compress: false });
  }
  await storage.batch([{ type: "save", key: "c", data: SECRET, options }]);
  const traces = await found(kept);
  if (encrypted) {
    await keyringOf(storage).rotate();
    traces.push(...(await found(kept)));
    await keyringOf(storage).reencrypt();
    traces.push(...(await found(kept)));
  }
  await storage.close();
  return traces;
}

it("keeps values, tags, metadata and keys out of every row and object: items, versions, streams, rotated, encrypted anew", async () => {
  expect(await write(true)).toEqual([]);
});

it("is looked for where it would be: in plain it is in rows and in objects", async () => {
  const kinds = (await write(false)).map(({ place }) => place.replace(/^object .*/, "an object"));
  const everywhere = ["a row of items", "a row of versions", "a row of tags", "a row of terms", "an object"];
  expect(new Set(kinds)).toEqual(new Set(everywhere));
});
