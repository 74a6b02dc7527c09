import {
  type AdapterContext,
  type Ports,
  type RecordHeader,
  systemPorts,
  TOKENIZER_VERSION,
  termsOf,
  type Version,
  type WriteRecord,
} from "@holdfast/core";

/** An instant at which everything in these tests is alive unless it says otherwise. */
export const NOW: number = Date.UTC(2026, 0, 1);

export const anyway = { expect: "any", now: NOW } as const;
export const call = { signal: undefined } as const;
export const at = { now: NOW, signal: undefined } as const;

/** The n-th version; later ones are greater. */
export function version(n: number): Version {
  return `${n.toString(16).padStart(12, "0")}-0000-0123456789ab` as Version;
}

export interface RecordParts extends Partial<RecordHeader> {
  readonly body?: Uint8Array;
  readonly terms?: readonly string[];
  readonly chunkHashes?: Uint8Array;
}

/** A record as core would write it. */
export function record(key: string, n: number, { body, terms, chunkHashes, ...parts }: RecordParts = {}): WriteRecord {
  const bytes = body ?? new TextEncoder().encode(`${key} ${n}`);
  const header: RecordHeader = {
    key,
    version: version(n),
    size: bytes.byteLength,
    storedSize: bytes.byteLength,
    format: "binary",
    compression: null,
    created: NOW,
    modified: NOW,
    expiration: null,
    tags: [],
    metadata: {},
    checksum: "0".repeat(64),
    ...parts,
  };
  return { header, body: bytes, terms: terms ?? termsOf(header), chunkHashes: chunkHashes ?? new Uint8Array() };
}

/** Nothing here is encrypted. */
const carry: AdapterContext["carry"] = ({ body }, header) => ({ header, body });

export function contextOf(ports: Partial<Ports> = {}, history?: AdapterContext["history"]): AdapterContext {
  return { ports: { ...systemPorts, ...ports }, tokenizerVersion: TOKENIZER_VERSION, termsOf, history, carry };
}

/** Bytes that no two places have in common. */
export function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    bytes[index] = state >> 16;
  }
  return bytes;
}

/** Compares large bodies, for which `toEqual` takes seconds. */
export function sameBytes(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && Buffer.compare(a, b) === 0;
}
