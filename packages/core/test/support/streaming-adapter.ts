import {
  type BodyWriter,
  openStorage,
  type PutCondition,
  type PutOutcome,
  type ReadOptions,
  type RecordHeader,
  type StorageEngine,
  type StoredStream,
  type WriteRecord,
} from "@holdfast/core";
import { vi } from "vitest";
import { collect, noise } from "../codec/samples.js";
import { FakePorts } from "./fake-ports.js";
import { MapAdapter } from "./map-adapter.js";

/** Streams chunks in and out; `broken` makes one of its steps fail. */
export class StreamingAdapter extends MapAdapter {
  readonly bodies: Map<string, { header: RecordHeader; chunkHashes: Uint8Array; chunks: Uint8Array[] }> = new Map();
  readonly ends: string[] = [];
  broken: "open" | "write" | "commit" | "abort" | "read" | undefined;

  async writeStream(key: string): Promise<BodyWriter> {
    if (this.broken === "open") throw new Error("broken open");
    const chunks: Uint8Array[] = [];
    return {
      write: async (chunk: Uint8Array): Promise<void> => {
        if (this.broken === "write") throw new Error("broken write");
        chunks.push(chunk);
      },
      commit: async (record: Omit<WriteRecord, "body">, condition: PutCondition): Promise<PutOutcome> => {
        if (this.broken === "commit") throw new Error("broken commit");
        const outcome = await this.put({ ...record, body: new Uint8Array(0) }, condition);
        if (outcome.outcome === "written")
          this.bodies.set(key, { header: outcome.header, chunkHashes: record.chunkHashes, chunks });
        this.ends.push(outcome.outcome);
        return outcome;
      },
      abort: (): void => {
        this.ends.push("abort");
        if (this.broken === "abort") throw new Error("broken abort");
      },
    };
  }

  async readStream(key: string, options: ReadOptions): Promise<StoredStream | undefined> {
    const stored = this.bodies.get(key);
    if (stored === undefined || (await this.stat(key, options)) === undefined) return undefined;
    const { header, chunkHashes, chunks } = stored;
    const failing = () => this.broken === "read";
    async function* body(): AsyncGenerator<Uint8Array> {
      for (const chunk of chunks) {
        yield chunk;
        if (failing()) throw new Error("broken read");
      }
    }
    return { header, chunkHashes, body: body() };
  }
}

export function open(adapter: MapAdapter): Promise<StorageEngine> {
  return openStorage(adapter, { ports: new FakePorts() });
}

export async function loaded(storage: StorageEngine, key: string): Promise<Uint8Array | undefined> {
  const stream = await storage.loadStream(key);
  return stream === undefined ? undefined : collect(stream);
}

/** A stream that gives one chunk and then never answers again; `stuck` resolves when it has been asked to. */
export function hanging(): { source: ReadableStream<Uint8Array>; cancelled: () => void; stuck: Promise<void> } {
  const cancelled = vi.fn();
  const stuck = Promise.withResolvers<void>();
  const never = new Promise<void>(() => undefined);
  let pulls = 0;
  const source = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (pulls++ === 0) return controller.enqueue(noise(1_000));
        stuck.resolve();
        await never;
      },
      cancel: cancelled,
    },
    { highWaterMark: 0 },
  );
  return { source, cancelled, stuck: stuck.promise };
}
