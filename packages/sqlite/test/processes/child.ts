// One process at work on stores that others work on too. Told what to do by messages; answers each.
import { writeSync } from "node:fs";
import { openStorage } from "@holdfast/core";
import { sqlite } from "@holdfast/sqlite";

/** What the tests tell it to do. */
export type Task =
  | { readonly do: "open"; readonly path: string; readonly name: string }
  | { readonly do: "count"; readonly path: string; readonly times: number }
  | { readonly do: "save"; readonly path: string; readonly round: number }
  | { readonly do: "write"; readonly path: string; readonly name: string };

async function open({ path, name }: Task & { do: "open" }): Promise<void> {
  const storage = await openStorage(sqlite({ path }));
  await storage.save(name, name);
  await storage.close();
}

async function count({ path, times }: Task & { do: "count" }): Promise<void> {
  const storage = await openStorage(sqlite({ path, lockTimeout: 60_000 }));
  for (let time = 0; time < times; time++) await storage.update<number>("counter", (current = 0) => current + 1);
  await storage.close();
}

/** Saves, overwrites and deletes for ever; writes a line for each acknowledgement. */
async function save({ path, round }: Task & { do: "save" }): Promise<void> {
  const storage = await openStorage(sqlite({ path }));
  const acknowledge = (key: string, value: unknown) => writeSync(1, `${JSON.stringify([key, value])}\n`);
  const worker = async (name: string) => {
    for (let n = 0; ; n++) {
      const key = `${round}/${name}/${n % 7}`;
      if (n % 10 === 9) {
        await storage.delete(key);
        acknowledge(key, null);
      } else if (n % 25 === 8) {
        const size = 2 ** 20 + n;
        await storage.save(key, new Uint8Array(size).fill(n), { tags: ["large"] });
        acknowledge(key, { size, fill: n % 256 });
      } else {
        await storage.save(key, { n, name }, { tags: [name], metadata: { text: `words of ${name} ${n}` } });
        acknowledge(key, { n, name });
      }
    }
  };
  await Promise.all(["a", "b", "c", "d"].map(worker));
}

/** Saves, batches and deletes for ever; writes a line for each entry that the feed must then have: its worker, type, key and version. */
async function write({ path, name }: Task & { do: "write" }): Promise<void> {
  const storage = await openStorage(sqlite({ path, lockTimeout: 60_000 }));
  const acknowledge = (...entries: unknown[][]) =>
    writeSync(1, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
  const worker = async (worker: string) => {
    for (let n = 0; ; n++) {
      const key = `${worker}/${n % 3}`;
      if (n % 5 === 4) {
        if (await storage.delete(key)) acknowledge([worker, "delete", key, null]);
      } else if (n % 7 === 3) {
        const keys = [key, `${worker}/batch`];
        const items = await storage.batch(keys.map((key) => ({ type: "save", key, data: n })));
        acknowledge(...keys.map((key, at) => [worker, "save", key, (items[at] as { version: string }).version]));
      } else acknowledge([worker, "save", key, (await storage.save(key, n)).version]);
    }
  };
  await Promise.all(["a", "b", "c"].map((each) => worker(`${name}/${each}`)));
}

process.on("message", async (task: Task) => {
  if (task.do === "open") await open(task);
  else if (task.do === "count") await count(task);
  else if (task.do === "save") await save(task);
  else await write(task);
  process.send?.("done");
});
process.send?.("ready");
