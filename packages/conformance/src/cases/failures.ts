import { type Awaitable, type StorageAdapter, type StorageEngine, StorageError } from "@holdfast/core";
import { defined, equal, ok, rejects } from "../assert.js";
import { collect, inPieces, keysOf, readAll } from "../collect.js";
import type { Context } from "../context.js";
import { type Replacements, replacing } from "../replacing.js";
import { noise } from "../samples/values.js";
import { boundedStreams, type Theme } from "../suite.js";

const RETRIES = 3;

/** What core makes of an adapter that fails, on top of this one. */
export const failures: Theme = {
  name: "failures",
  cases: [
    {
      name: "a failure that passes is not seen",
      async run(context) {
        await (await context.open()).save("k", 1, { tags: ["t"] });
        const storage = await failing(context, RETRIES);
        equal(await storage.load("k"), 1, "load");
        equal((await storage.stat("k"))?.tags, ["t"], "stat");
        equal(keysOf(await storage.list()), ["k"], "list");
        equal(keysOf(await storage.search({ tags: ["t"] })), ["k"], "search");
        equal(await storage.count(), 1, "count");
        await storage.save("other", 2);
        equal(await storage.load("other"), 2, "what was saved");
        equal(await storage.delete("other"), true, "delete");
      },
    },
    {
      name: "a failure that stays comes out, and says that trying again may help",
      async run(context) {
        const storage = await failing(context, Number.POSITIVE_INFINITY);
        for (const call of [() => storage.load("k"), () => storage.save("k", 1), () => storage.list()]) {
          const error = await rejects("UNAVAILABLE", "a call", call);
          equal(error.retryable, true, "retryable");
        }
        equal(await (await context.open()).exists("k"), false, "whether anything was written");
      },
    },
    {
      name: "a write whose answer was lost is made once, and is no conflict with itself",
      async run(context) {
        const witness = await context.open();
        const storage = await context.open({
          settings: { retry: { retries: RETRIES, minDelay: 0 } },
          through: (adapter) =>
            replacing(adapter, {
              put: losingFirstAnswers((...write: Parameters<StorageAdapter["put"]>) => adapter.put(...write)),
              delete: losingFirstAnswers((...deletion: Parameters<StorageAdapter["delete"]>) =>
                adapter.delete(...deletion),
              ),
            }),
        });
        const created = await storage.save("k", 1, { ifVersion: null });
        equal(await witness.stat("k"), created, "the item that was created");
        const replaced = await storage.save("k", 2, { ifVersion: created.version });
        equal(await witness.stat("k"), replaced, "the item that was replaced");
        await storage.update<number>("k", (current = 0) => current + 1);
        equal(await witness.load("k"), 3, "the value that was updated");
        equal(await storage.delete("k"), true, "what delete answers");
        equal(await witness.exists("k"), false, "whether the deleted item is there");
      },
    },
    {
      name: "an error that nobody knows is INTERNAL, with its cause",
      async run(context) {
        const own = new TypeError("cannot read properties of undefined");
        const throwing = () => Promise.reject(own);
        const storage = await context.open({
          through: (adapter) => replacing(adapter, { get: throwing, put: throwing, classify: () => undefined }),
        });
        for (const call of [() => storage.load("k"), () => storage.save("k", 1)]) {
          const error = await rejects("INTERNAL", "a call", call);
          ok(error.cause === own, "the cause is the adapter's own error");
          equal([error.key, error.retryable], ["k", false], "key and retryable");
        }
      },
    },
    {
      name: "an error that the adapter knows is what it says",
      async run(context) {
        const storage = await context.open({
          through: (adapter) =>
            replacing(adapter, {
              put: () => Promise.reject(new Error("SQLITE_FULL")),
              classify: () => ({ code: "QUOTA_EXCEEDED", message: "the disk is full" }),
            }),
        });
        const error = await rejects("QUOTA_EXCEEDED", "save", () => storage.save("k", 1));
        ok(error.message.includes("the disk is full"), `the message tells what the adapter said: ${error.message}`);
      },
    },
    {
      name: "damaged bytes are CORRUPT, never wrong data, and verify finds them",
      async run(context) {
        const sound = await context.open();
        await sound.save("bytes", noise(70_000));
        await sound.save("json", { a: "text ".repeat(500) }, { compress: true });
        await sound.save("large", noise(2_500_000));
        await sound.save("sound", 1);
        const storage = await context.open({ through: damaging });
        for (const key of ["bytes", "json", "large"]) {
          await rejects("CORRUPT", `load of ${key}`, () => storage.load(key));
          await rejects("CORRUPT", `the stream of ${key}`, async () => {
            const stream = await storage.loadStream(key);
            return stream && readAll(stream);
          });
          await rejects("CORRUPT", `update of ${key}`, () => storage.update(key, () => 1));
        }
        equal(await storage.load("sound"), 1, "what is not damaged");
        const report = await storage.verify();
        equal(report.ok, false, "whether verify finds all sound");
        equal(
          report.problems.map(({ key, code }) => [key, code]).sort(),
          corrupt("bytes", "json", "large"),
          "the problems",
        );
        equal((await storage.repair()).remaining.length, 3, "what repair cannot mend");
        equal(await sound.verify().then(({ ok: isSound }) => isSound), true, "whether the store itself is sound");
      },
    },
    {
      name: "no byte of a damaged chunk is handed out",
      async run(context) {
        const bytes = noise(2_500_000);
        await (await context.open()).save("large", bytes);
        const storage = await context.open({ through: damaging });
        const stream = defined(await storage.loadStream("large"), "the stream");
        const handedOut: Uint8Array[] = [];
        await rejects("CORRUPT", "the stream", async () => {
          for await (const chunk of stream) handedOut.push(chunk);
        });
        // The last byte is the damaged one: what comes before its chunk may have been read.
        let offset = 0;
        for (const chunk of handedOut) {
          equal(chunk, bytes.subarray(offset, offset + chunk.length), "what was handed out");
          offset += chunk.length;
        }
      },
    },
    {
      name: "another key's item is CORRUPT",
      async run(context) {
        const sound = await context.open();
        await sound.save("a", "a's");
        await sound.save("b", "b's");
        const storage = await context.open({
          through: (adapter) =>
            replacing(adapter, { get: (key, options) => adapter.get(key.replace(/a$/, "b"), options) }),
        });
        await rejects("CORRUPT", "load", () => storage.load("a"));
        equal(await storage.load("b"), "b's", "the other item");
      },
    },
    {
      name: "a writer of a stream is always ended",
      needs: boundedStreams,
      async otherwise(context) {
        equal(context.backing.adapter().writeStream, undefined, "the method writeStream");
      },
      async run(context) {
        let [opened, ended] = [0, 0];
        const storage = await context.open({
          through: (adapter) =>
            replacing(adapter, {
              async writeStream(...args) {
                const writer = defined(await adapter.writeStream?.(...args), "the writer");
                opened++;
                return {
                  write: (chunk) => writer.write(chunk),
                  async commit(...record) {
                    const outcome = await writer.commit(...record);
                    if (outcome.outcome === "written") ended++;
                    return outcome;
                  },
                  async abort() {
                    await writer.abort();
                    ended++;
                  },
                };
              },
            }),
        });
        const bytes = noise(200_000);
        const { version } = await storage.saveStream("k", inPieces(bytes, 50_000));
        await rejects("CONFLICT", "saveStream", () =>
          storage.saveStream("k", inPieces(bytes, 50_000), { ifVersion: null }),
        );
        await rejects("INVALID_VALUE", "saveStream", () => storage.saveStream("k", textAfter(bytes)));
        const controller = new AbortController();
        const aborting = abortingAfter(bytes, controller);
        await rejects("ABORTED", "saveStream", () => storage.saveStream("k", aborting, { signal: controller.signal }));
        // Waits for what was given up.
        await context.close();
        equal(ended, opened, "how many writers were ended");
        equal((await (await context.open()).stat("k"))?.version, version, "the version that stands");
      },
    },
  ],
};

/** A storage whose adapter fails so many times in a row, for each call anew. */
async function failing(context: Context, times: number): Promise<StorageEngine> {
  return context.open({
    settings: { retry: { retries: RETRIES, minDelay: 0 } },
    through: (adapter) => {
      const methods = ["stat", "get", "put", "delete", "list", "query", "count"] as const;
      const replaced = methods
        .filter((name) => adapter[name] !== undefined)
        .map((name) => [name, flaky(adapter, name, times)]);
      return replacing(adapter, Object.fromEntries(replaced) as Replacements);
    },
  });
}

function flaky(adapter: StorageAdapter, name: keyof StorageAdapter, times: number): (...args: unknown[]) => unknown {
  let left = times;
  return (...args) => {
    if (left-- > 0) throw new StorageError("UNAVAILABLE", "not just now");
    left = times;
    return (adapter[name] as (...given: unknown[]) => unknown).apply(adapter, args);
  };
}

/** Does its work each time, but every other time the answer does not come through. */
function losingFirstAnswers<A extends unknown[], R>(call: (...args: A) => Awaitable<R>): (...args: A) => Promise<R> {
  let calls = 0;
  return async (...args) => {
    const answer = await call(...args);
    if (calls++ % 2 === 0) throw new StorageError("UNAVAILABLE", "the answer was lost");
    return answer;
  };
}

/** Flips a bit in the last byte of what is read, unless it is a small one. */
function damaging(adapter: StorageAdapter): StorageAdapter {
  const { readStream } = adapter;
  return replacing(adapter, {
    async get(...args) {
      const record = await adapter.get(...args);
      return record && { ...record, body: flipped(record.body) };
    },
    readStream:
      readStream &&
      (async (...args) => {
        const stream = await readStream.apply(adapter, args);
        return stream && { ...stream, body: flippedAtEnd(stream.body) };
      }),
  });
}

async function* flippedAtEnd(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks = await collect(body);
  const last = chunks.pop();
  yield* chunks;
  if (last !== undefined) yield flipped(last);
}

function flipped(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes);
  if (copy.length > 10) copy[copy.length - 1] = (copy.at(-1) ?? 0) ^ 1;
  return copy;
}

function corrupt(...keys: string[]): string[][] {
  return keys.map((key) => [key, "CORRUPT"]);
}

async function* textAfter(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
  yield "text" as never;
}

async function* abortingAfter(bytes: Uint8Array, controller: AbortController): AsyncGenerator<Uint8Array> {
  yield bytes;
  controller.abort();
  yield bytes;
}
