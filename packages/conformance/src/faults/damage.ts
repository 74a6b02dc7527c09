import type { FeedEntry, FeedPage, StoredRecord, StoredStream } from "@holdfast/core";
import type { SeededRandom } from "../simulation/seeded.js";
import type { FaultKind } from "./fault.js";

/** The answer as a fault leaves it; undefined where there is nothing to damage. */
export function damaged(fault: FaultKind, answer: unknown, previous: unknown, random: SeededRandom): unknown {
  if (fault === "stale") return previous === undefined ? undefined : structuredClone(previous);
  if (Array.isArray(answer)) return fault === "short" ? shortened(answer) : undefined;
  if (!isObject(answer)) return undefined;
  if ("changes" in answer && Array.isArray(answer.changes))
    return fault === "short" ? shortPage(answer.changes) : undefined;
  if ("body" in answer && answer.body instanceof Uint8Array) {
    return damagedRecord(fault, answer as StoredRecord, previous as StoredRecord | undefined, random);
  }
  return "body" in answer ? damagedStream(fault, answer as StoredStream, random) : undefined;
}

function damagedRecord(
  fault: FaultKind,
  { header, body }: StoredRecord,
  previous: StoredRecord | undefined,
  random: SeededRandom,
): StoredRecord | undefined {
  if (fault === "torn") {
    if (previous === undefined || previous.header.version === header.version) return undefined;
    return { header, body: new Uint8Array(previous.body) };
  }
  if (body.length === 0) return undefined;
  return { header, body: fault === "short" ? body.slice(0, random.below(body.length)) : bitFlipped(body, random) };
}

function damagedStream(fault: FaultKind, stream: StoredStream, random: SeededRandom): StoredStream | undefined {
  const { storedSize } = stream.header;
  if (storedSize === 0) return undefined;
  if (fault === "short") return { ...stream, body: cut(stream.body, random.below(storedSize)) };
  if (stream.chunkHashes.length > 0 && random.fraction() < 0.5) {
    return { ...stream, chunkHashes: bitFlipped(stream.chunkHashes, random) };
  }
  return { ...stream, body: flippedAt(stream.body, random.below(storedSize), 1 << random.below(8)) };
}

function shortPage(changes: readonly FeedEntry[]): FeedPage | undefined {
  const fewer = shortened(changes);
  return fewer && { outcome: "page", changes: fewer };
}

function shortened<T>(list: readonly T[]): T[] | undefined {
  return list.length === 0 ? undefined : list.slice(0, Math.floor(list.length / 2));
}

function bitFlipped(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const copy = new Uint8Array(bytes);
  const at = random.below(copy.length);
  copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
  return copy;
}

async function* cut(body: AsyncIterable<Uint8Array>, length: number): AsyncGenerator<Uint8Array> {
  let left = length;
  for await (const chunk of body) {
    if (left === 0) return;
    yield chunk.subarray(0, left);
    left -= Math.min(left, chunk.length);
  }
}

async function* flippedAt(body: AsyncIterable<Uint8Array>, at: number, bit: number): AsyncGenerator<Uint8Array> {
  let start = 0;
  for await (const chunk of body) {
    const copy = new Uint8Array(chunk);
    if (at >= start && at < start + copy.length) copy[at - start] = (copy[at - start] ?? 0) ^ bit;
    start += copy.length;
    yield copy;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
