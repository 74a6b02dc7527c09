// One process at work on roots that others work on too. Told what to do by messages; answers each.
import { writeSync } from "node:fs";
import { masterKeyId, openStorage } from "@holdfast/core";
import { filesystem } from "@holdfast/filesystem";

/** What the tests tell it to do. */
export type Task =
  | { readonly do: "hold"; readonly root: string }
  | { readonly do: "count"; readonly root: string; readonly times: number }
  | { readonly do: "save"; readonly root: string; readonly round: number }
  | {
      readonly do: "stream";
      readonly root: string;
      /** What the stream consists of. */
      readonly text: string;
      readonly encrypt: boolean;
      /** The master key, in base64. */
      readonly key: string;
    };

/** Opens the root and keeps it open. */
async function hold({ root }: Task & { do: "hold" }): Promise<void> {
  const storage = await openStorage(filesystem({ root }));
  await storage.save("held", process.pid);
}

async function count({ root, times }: Task & { do: "count" }): Promise<void> {
  const storage = await openStorage(filesystem({ root, lockTimeout: 60_000, flushTimeout: 60_000 }), {
    closeTimeout: 60_000,
  });
  for (let time = 0; time < times; time++) await storage.update<number>("counter", (current = 0) => current + 1);
  await storage.close();
}

/** Saves, overwrites and deletes for ever; writes a line for each acknowledgement. */
async function save({ root, round }: Task & { do: "save" }): Promise<void> {
  const storage = await openStorage(filesystem({ root }));
  const acknowledge = (key: string, value: unknown) => writeSync(1, `${JSON.stringify([key, value])}\n`);
  const worker = async (name: string) => {
    for (let n = 0; ; n++) {
      const key = `${round}/${name}/${n % 7}`;
      if (n % 10 === 9) {
        await storage.delete(key);
        acknowledge(key, null);
      } else if (n % 6 === 5) {
        const size = 2 ** 16 + n;
        await storage.save(key, new Uint8Array(size).fill(n));
        acknowledge(key, { size, fill: n % 256 });
      } else {
        await storage.save(key, { n, name }, { format: n % 2 === 0 ? "json" : "yaml" });
        acknowledge(key, { n, name });
      }
    }
  };
  await Promise.all(["a", "b", "c"].map(worker));
}

/** Saves a stream that does not come to its end; answers once some megabytes of it are on their way. */
async function stream({ root, text, encrypt, key }: Task & { do: "stream" }): Promise<void> {
  const material = new Uint8Array(Buffer.from(key, "base64"));
  const id = await masterKeyId(material);
  const keys = { name: "test", load: async () => ({ active: id, keys: [{ id, material }] }) };
  const storage = await openStorage(filesystem({ root }), { encryption: { keys, metadata: true } });
  const chunk = Buffer.from(text.repeat(2 ** 20 / text.length));
  async function* source() {
    for (let index = 0; index < 6; index++) yield chunk;
    process.send?.("under way");
    await new Promise<never>(() => undefined);
  }
  await storage.saveStream("a", source(), { encrypt, tags: [text], metadata: { text } });
}

process.on("message", async (task: Task) => {
  if (task.do === "hold") await hold(task);
  else if (task.do === "count") await count(task);
  else if (task.do === "stream") await stream(task);
  else await save(task);
  process.send?.("done");
});
process.send?.("ready");
