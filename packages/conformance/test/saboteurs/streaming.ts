import type { Replacements } from "@holdfast/conformance";
import type { BodyWriter, RecordHeader, StorageAdapter, StoredStream, Version } from "@holdfast/core";
import { call } from "./planting.js";
import type { Saboteur } from "./saboteur.js";

const theme = "streams";
const features = "adapter: open, batch, watch, streams and classify";
const pieces = "a body that is written in pieces appears with its commit";
const flat = "memory held stays flat while a body streams in and out";

/** Faults in bodies that come and go in pieces. */
export const streamingSaboteurs: readonly Saboteur[] = [
  {
    name: "memory that grows with a stream in",
    on: "indexed",
    story: "A backup of 4 GB is collected in memory before it is written, on a phone with 3.",
    caughtBy: { theme: "open streams", case: flat },
    plant: (sound) =>
      writing(sound, (writer) => {
        const held: Uint8Array[] = [];
        return {
          ...writer,
          write: (chunk) => void held.push(chunk),
          async commit(record, condition) {
            for (const chunk of held.splice(0)) await writer.write(chunk);
            return writer.commit(record, condition);
          },
        };
      }),
  },
  {
    name: "memory that grows with a stream out",
    on: "indexed",
    story: "The file is read whole and then handed out in pieces: playing one film stops the server.",
    caughtBy: { theme: "open streams", case: flat },
    plant: (sound) =>
      reading(sound, async function* (stream) {
        const held: Uint8Array[] = [];
        for await (const piece of stream.body) held.push(piece);
        yield* held;
      }),
  },
  {
    name: "stream visible before its commit",
    on: "indexed",
    story: "The upload is at 10 % and others open it already: a film of three minutes.",
    caughtBy: { theme, case: "nothing is seen of an item before its last byte" },
    plant: (sound, store) => ({
      async writeStream(key, options) {
        const writer = await writerOf(sound, key, options.signal);
        const staged = store.records.has(key) ? undefined : { header: begun(key, 0), body: new Uint8Array() };
        const unstage = () => store.records.get(key) === staged && store.records.delete(key);
        if (staged !== undefined) store.records.set(key, staged);
        return {
          ...writer,
          commit(record, condition) {
            unstage();
            return writer.commit(record, condition);
          },
          abort() {
            unstage();
            return writer.abort();
          },
        };
      },
    }),
  },
  {
    name: "given up, but committed",
    on: "indexed",
    story: "The connection breaks, the end of the request is taken for the end of the file, and half of it is saved.",
    caughtBy: { theme: features, case: "a body whose write is given up leaves nothing" },
    plant: (sound, store) => ({
      async writeStream(key, options) {
        const writer = await writerOf(sound, key, options.signal);
        let size = 0;
        return {
          ...writer,
          async write(chunk) {
            size += chunk.length;
            await writer.write(chunk);
          },
          async abort() {
            if (store.records.has(key)) return;
            const record = { header: begun(key, size), terms: [], chunkHashes: new Uint8Array() };
            await writer.commit(record, { expect: "any", now: 0 });
          },
        };
      },
    }),
  },
  {
    name: "pieces in order of arrival",
    on: "indexed",
    story: "Parts are uploaded side by side and joined as they come in: the small ones are first.",
    caughtBy: { theme: features, case: pieces },
    plant: (sound) =>
      writing(sound, (writer) => {
        let waiting: Uint8Array | undefined;
        const flush = async () => {
          const last = waiting;
          waiting = undefined;
          if (last !== undefined) await writer.write(last);
        };
        return {
          ...writer,
          async write(chunk) {
            if (waiting === undefined) {
              waiting = chunk;
              return;
            }
            await writer.write(chunk);
            await flush();
          },
          async commit(record, condition) {
            await flush();
            return writer.commit(record, condition);
          },
        };
      }),
  },
  {
    name: "chunk hashes lost",
    on: "indexed",
    story: "Nothing is left to check each chunk against: damage shows at the end, when all of it was shown.",
    caughtBy: { theme: features, case: pieces },
    plant: (sound) => ({
      async readStream(key, options) {
        const stream = await sound.readStream?.(key, options);
        return stream && { ...stream, chunkHashes: new Uint8Array() };
      },
    }),
  },
  {
    name: "stream lost by a refused commit",
    on: "indexed",
    story: "An hour's upload meets a version one tick too low; the second try of the commit finds nothing to commit.",
    caughtBy: { theme: features, case: pieces },
    plant: (sound) => ({
      async writeStream(key, options) {
        let writer = await writerOf(sound, key, options.signal);
        return {
          write: (chunk) => writer.write(chunk),
          abort: () => writer.abort(),
          async commit(record, condition) {
            const outcome = await writer.commit(record, condition);
            if (outcome.outcome !== "written") writer = await writerOf(sound, key, options.signal);
            return outcome;
          },
        };
      },
    }),
  },
  {
    name: "stream moved by a later write",
    on: "indexed",
    story: "Each piece is read from what stands then: the film changes in the middle.",
    caughtBy: { theme, case: "a stream that is being read is not moved by a later write" },
    plant: (sound) => ({
      async readStream(key, options) {
        const stream = await sound.readStream?.(key, options);
        return stream && { ...stream, body: rereading(sound, key, options.now) };
      },
    }),
  },
  {
    name: "close that waits for a stream",
    on: "indexed",
    story: "A viewer paused and forgot: the app cannot quit.",
    caughtBy: {
      theme: "open streams",
      case: "a stream that nobody reads on neither holds up the close nor ends early as if whole",
    },
    hangsAfter: 2_000,
    plant(sound) {
      let reading = 0;
      return {
        async readStream(key, options) {
          const stream = await sound.readStream?.(key, options);
          return (
            stream && {
              ...stream,
              body: (async function* () {
                reading++;
                try {
                  yield* stream.body;
                } finally {
                  reading--;
                }
              })(),
            }
          );
        },
        async close() {
          while (reading > 0) await new Promise((resolve) => setTimeout(resolve, 10).unref());
          return sound.close();
        },
      };
    },
  },
];

function writing(sound: StorageAdapter, change: (writer: BodyWriter) => BodyWriter): Replacements {
  return { writeStream: async (key, options) => change(await writerOf(sound, key, options.signal)) };
}

function reading(sound: StorageAdapter, body: (stream: StoredStream) => AsyncIterable<Uint8Array>): Replacements {
  return {
    async readStream(key, options) {
      const stream = await sound.readStream?.(key, options);
      return stream && { ...stream, body: body(stream) };
    },
  };
}

async function writerOf(sound: StorageAdapter, key: string, signal: AbortSignal | undefined): Promise<BodyWriter> {
  const writer = await sound.writeStream?.(key, { signal });
  if (writer === undefined) throw new Error("the sound adapter writes streams");
  return writer;
}

/** The header of something that is not complete. */
function begun(key: string, size: number): RecordHeader {
  const version = `${"0".repeat(12)}-0000-${"0".repeat(12)}` as Version;
  const about = { format: "binary", compression: null, created: 0, modified: 0, expiration: null } as const;
  return { key, version, size, storedSize: size, ...about, tags: [], metadata: {}, checksum: "" };
}

async function* rereading(sound: StorageAdapter, key: string, now: number): AsyncGenerator<Uint8Array> {
  for (let offset = 0; ; offset += 65_536) {
    const piece = (await sound.get(key, { now, ...call }))?.body.slice(offset, offset + 65_536);
    if (!piece?.length) return;
    yield piece;
  }
}
