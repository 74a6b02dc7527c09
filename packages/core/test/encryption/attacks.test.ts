import {
  type EncryptionHeader,
  openStorage,
  type RecordHeader,
  type StorageEngine,
  StorageError,
  type StoredRecord,
  systemPorts,
} from "@holdfast/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checksumOf } from "../../dist/codec/checksum.js";
import { checkHeaderMac, signHeader } from "../../dist/encryption/header-mac.js";
import { openVault } from "../../dist/encryption/open-vault.js";
import type { Vault } from "../../dist/engine/vault.js";
import { collect, noise } from "../codec/samples.js";
import { FakeKeys } from "../support/fake-keys.js";
import { MapAdapter } from "../support/map-adapter.js";

const keys = new FakeKeys();
const adapter = new MapAdapter();
const encryption = { keys, metadata: true };
/** Three pieces and a bit. */
const LARGE = noise(3 * 65_536 + 10);
const SEALED_PIECE = 65_536 + 16;

const forged = new MapAdapter();

let victim: StorageEngine;
let vault: Vault;
let small: StoredRecord;
let large: StoredRecord;
let other: StoredRecord;

const { stackTraceLimit } = Error;

beforeAll(async () => {
  // The runner has a hundred lines of each error's stack looked up in the sources, which takes longer than the attacks.
  Error.stackTraceLimit = 10;
  const storage = await openStorage(adapter, { encryption });
  await storage.save(
    "small",
    { secret: "hushhush" },
    { tags: ["tag"], metadata: { m: [1, "x"] }, expiration: new Date(9e12) },
  );
  await storage.save("large", LARGE);
  await storage.save("other", LARGE);
  [small, large, other] = ["small", "large", "other"].map((key) => structuredClone(adapter.records.get(key))) as [
    StoredRecord,
    StoredRecord,
    StoredRecord,
  ];
  await storage.close();
  victim = await openStorage(forged, { encryption });
  const settings = { keys, byDefault: true, required: false, metadata: true, realm: "holdfast" };
  vault = await openVault(settings, systemPorts.random);
});

afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

/** What an attacker with write access does: checksums are no secret. */
async function withBody({ header }: StoredRecord, body: Uint8Array): Promise<StoredRecord> {
  const { checksum } = await checksumOf(body);
  return { header: { ...header, storedSize: body.length, checksum }, body };
}

/** Every way to read the record must refuse it, with one of these codes. */
async function refuses(record: StoredRecord, codes: readonly string[] = ["DECRYPT_FAILED"]): Promise<void> {
  const { key } = record.header;
  forged.records.clear();
  forged.records.set(key, record);
  await expectRefusals(record, codes, [
    () => victim.load(key),
    async () => collect((await victim.loadStream(key)) ?? []),
    // Writes nothing where it reads something after all.
    () => victim.update(key, () => undefined),
    async () => {
      const [problem, ...more] = (await victim.verify()).problems;
      if (problem !== undefined && more.length === 0) throw new StorageError(problem.code, problem.message);
    },
  ]);
}

/**
 * The two openings that all of these ways go through: load and update open a body that is whole, loadStream and verify a stream. Asked
 * directly, they take a hundredth of the time, so that no forgery has to be left out.
 */
async function isRefused(record: StoredRecord): Promise<void> {
  const { header, body } = record;
  await expectRefusals(
    record,
    ["DECRYPT_FAILED"],
    [async () => vault.packed(record), async () => collect((await vault.opener(header)).open(one(body)))],
  );
}

/** Without `expect`, which takes longer than what it looks at. */
async function expectRefusals(
  { header }: StoredRecord,
  codes: readonly string[],
  ways: readonly (() => Promise<unknown>)[],
): Promise<void> {
  for (const way of ways) {
    const code = await way().then(() => "was read", codeOf);
    if (!codes.includes(code)) throw new Error(`${code} instead of ${codes.join(" or ")}: ${JSON.stringify(header)}`);
  }
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function codeOf(error: StorageError): string {
  return error.code;
}

/** Each of the bytes with one bit changed, for every bit. The same memory each time. */
function* everyBitOf(bytes: Uint8Array): Generator<{ readonly bit: number; readonly bytes: Uint8Array }> {
  const changed = new Uint8Array(bytes);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const at = bit >> 3;
    changed[at] = (changed[at] ?? 0) ^ (1 << (bit & 7));
    yield { bit, bytes: changed };
    changed[at] = bytes[at] ?? 0;
  }
}

/** Undefined for what is no JSON any more. */
function parsed(bytes: Uint8Array): RecordHeader | undefined {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as RecordHeader;
  } catch {
    return undefined;
  }
}

/** One of `text`'s characters, another one. */
function changed(text: string, at: number): string {
  const to = text[at] === "A" ? "B" : "A";
  return text.slice(0, at) + to + text.slice(at + 1);
}

it("a record that nobody touched is read", async () => {
  await using storage = await openStorage(adapter, { encryption });
  expect(await storage.load("small")).toEqual({ secret: "hushhush" });
  expect((await storage.verify()).ok).toBe(true);
});

describe("every single bit", () => {
  it("of a body, its checksum mended, is missed by both openings, and some by every way to read it", async () => {
    for (const { bit, bytes } of everyBitOf(small.body)) {
      const forgery = await withBody(small, bytes);
      await isRefused(forgery);
      if (bit % 16 === 0) await refuses(forgery);
    }
  });

  it("of a body is missed, whoever mends the MAC without the key", async () => {
    const body = small.body.slice();
    body[0] = (body[0] ?? 0) ^ 1;
    await refuses({ ...small, body }, ["CORRUPT"]);
  });

  it("of the parts of its header is missed by both openings, and some by every way to read it", async () => {
    const parts = small.header.encryption as EncryptionHeader;
    for (const name of ["id", "wrap", "sealed", "mac"] as const) {
      for (const { bit, bytes } of everyBitOf(Buffer.from(parts[name] ?? "", "base64url"))) {
        const encryption = { ...parts, [name]: Buffer.from(bytes).toString("base64url") };
        const forgery = { ...small, header: { ...small.header, encryption } };
        await isRefused(forgery);
        if (bit % 16 === 0) await refuses(forgery);
      }
    }
  });

  it("of its header, written as JSON, is missed by the MAC, which both openings ask first", async () => {
    const key = noise(32);
    const { mac: _mac, ...parts } = small.header.encryption as EncryptionHeader;
    const unsigned = { ...small.header, encryption: parts };
    const mac = Buffer.from((await signHeader(unsigned, key)).encryption?.mac ?? "", "base64url");
    await checkHeaderMac(unsigned as RecordHeader, mac, key);
    const { created: _created, ...authenticated } = unsigned;
    let forgeries = 0;
    for (const { bytes } of everyBitOf(Buffer.from(JSON.stringify(authenticated)))) {
      const header = parsed(bytes);
      if (header === undefined) continue;
      forgeries++;
      const check = async () => checkHeaderMac(header, mac, key);
      const code = await check().then(() => "was believed", codeOf);
      if (code !== "DECRYPT_FAILED") throw new Error(`${code}: ${JSON.stringify(header)}`);
    }
    expect(forgeries).toBeGreaterThan(1000);
  });

  it("also where it means the same: base64url has one spelling", async () => {
    const parts = small.header.encryption as EncryptionHeader;
    // Sixteen bytes leave four bits of the last character unused, 32 bytes two.
    for (const name of ["id", "mac"] as const) {
      const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
      const last = parts[name].at(-1) ?? "";
      const twin = parts[name].slice(0, -1) + alphabet[alphabet.indexOf(last) + 1];
      await refuses({ ...small, header: { ...small.header, encryption: { ...parts, [name]: twin } } });
      await refuses({ ...small, header: { ...small.header, encryption: { ...parts, [name]: `${parts[name]}=` } } });
    }
  });
});

describe("pieces", () => {
  const piece = (index: number) => large.body.subarray(index * SEALED_PIECE, (index + 1) * SEALED_PIECE);
  const joinedPieces = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

  it.each([
    ["swapped", () => joinedPieces(piece(1), piece(0), piece(2), piece(3))],
    ["dropped at the start", () => joinedPieces(piece(1), piece(2), piece(3))],
    ["dropped in the middle", () => joinedPieces(piece(0), piece(2), piece(3))],
    ["dropped at the end", () => joinedPieces(piece(0), piece(1), piece(2))],
    ["repeated", () => joinedPieces(piece(0), piece(0), piece(1), piece(2), piece(3))],
    ["repeated at the end", () => joinedPieces(piece(0), piece(1), piece(2), piece(3), piece(3))],
    [
      "of another value",
      () => joinedPieces(piece(0), other.body.subarray(SEALED_PIECE, 2 * SEALED_PIECE), piece(2), piece(3)),
    ],
    ["cut short", () => large.body.slice(0, -1)],
    ["cut to a tag", () => joinedPieces(piece(0), piece(1), piece(2), piece(3).subarray(0, 16))],
    ["made longer", () => joinedPieces(large.body, new Uint8Array(1))],
    ["none", () => new Uint8Array(0)],
    ["less than a tag", () => new Uint8Array(15)],
  ])("%s are refused, and a stream hands nothing out", async (_name, make) => {
    await refuses(await withBody(large, make()));
  });

  it("of the same header, a stream hands out whole pieces up to the damage and not a byte more", async () => {
    const { PieceCipher } = await import("../../dist/encryption/pieces.js");
    const binding = { realm: "r", path: "k", id: new Uint8Array(16), format: "binary", compression: null } as const;
    const cipher = await PieceCipher.of(new Uint8Array(32).fill(1), binding);
    const sealed = await cipher.sealWhole(LARGE);
    sealed[2 * SEALED_PIECE + 5] = (sealed[2 * SEALED_PIECE + 5] ?? 0) ^ 1;
    const seen: Uint8Array[] = [];
    const reading = async () => {
      const header = { ...large.header, storedSize: sealed.length };
      for await (const part of cipher.openStream(
        header,
        (async function* () {
          yield sealed;
        })(),
      ))
        seen.push(part);
    };
    await expect(reading()).rejects.toMatchObject({ code: "DECRYPT_FAILED" });
    expect(Buffer.compare(Buffer.concat(seen), LARGE.subarray(0, 2 * 65_536))).toBe(0);
  });
});

describe("headers", () => {
  it.each<[string, (header: RecordHeader) => object]>([
    ["key", () => ({ key: "elsewhere" })],
    ["version", ({ version }) => ({ version: version.replace(/.$/, (digit) => (digit === "0" ? "1" : "0")) })],
    ["size", ({ size }) => ({ size: size + 1 })],
    ["format", () => ({ format: "yaml" })],
    ["compression", () => ({ compression: "gzip" })],
    ["modified", ({ modified }) => ({ modified: modified + 1 })],
    ["expiration", () => ({ expiration: null })],
    ["later expiration", () => ({ expiration: 9.1e12 })],
    ["tags", () => ({ tags: ["more"] })],
    ["metadata", () => ({ metadata: { more: true } })],
    ["schema", () => ({ schema: "notes@1.0" })],
    ["a property of a later version", () => ({ later: 1 })],
  ])("changed in %s are refused", async (_name, change) => {
    await refuses({ ...small, header: { ...small.header, ...change(small.header) } as RecordHeader });
  });

  it.each<[string, (parts: EncryptionHeader) => object, string[]?]>([
    ["another realm", () => ({ realm: "elsewhere" })],
    ["no realm", () => ({ realm: "" })],
    ["a huge realm", () => ({ realm: "x".repeat(10_000_000) })],
    ["a realm that is no text", () => ({ realm: { length: 1e9 } })],
    ["a key nobody has", () => ({ key: "0123456789abcdef" }), ["KEY_MISSING"]],
    ["a key in capitals", ({ key }) => ({ key: key.toUpperCase().replace(/^./, "F") })],
    ["a key that is a path", () => ({ key: "../../../../etc" })],
    ["an unknown format", () => ({ v: 2 }), ["UNSUPPORTED"]],
    ["a format that is text", () => ({ v: "1" }), ["UNSUPPORTED"]],
    ["a property that it does not have", () => ({ argon: 1 })],
    ["no wrap", () => ({ wrap: undefined })],
    ["a short wrap", ({ wrap }) => ({ wrap: wrap.slice(0, -4) })],
    ["a huge wrap", () => ({ wrap: "A".repeat(20_000_000) })],
    ["the wrap of another value", () => ({ wrap: other.header.encryption?.wrap })],
    ["the id of another value", () => ({ id: other.header.encryption?.id })],
    ["the metadata of another value", () => ({ sealed: other.header.encryption?.sealed })],
    ["no metadata", () => ({ sealed: undefined })],
    ["metadata too short for a tag", () => ({ sealed: "AAAA" })],
    ["no MAC", () => ({ mac: undefined })],
    ["the MAC of another value", () => ({ mac: other.header.encryption?.mac })],
    ["a MAC with a character changed", ({ mac }) => ({ mac: changed(mac, 0) })],
  ])("that say %s are refused", async (_name, change, codes) => {
    const parts = { ...small.header.encryption, ...change(small.header.encryption as EncryptionHeader) };
    const defined = Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined));
    await refuses({ ...small, header: { ...small.header, encryption: defined as never } }, codes);
  });

  it.each([null, 1, "x", []])("with %o for what is encrypted are refused", async (encrypted) => {
    await refuses({ ...small, header: { ...small.header, encryption: encrypted as never } }, [
      "DECRYPT_FAILED",
      "UNSUPPORTED",
    ]);
  });

  it.each([2 ** 53, -1, 0.5, Number.NaN, 1e300])("with %d stored bytes cost nothing", async (storedSize) => {
    await refuses({ ...small, header: { ...small.header, storedSize } }, ["DECRYPT_FAILED", "CORRUPT"]);
  });

  it("with a number of stored bytes that nothing has are refused before any key is asked for", async () => {
    const encrypted = { ...(small.header.encryption as EncryptionHeader), key: "0123456789abcdef" };
    const { loads } = keys;
    await refuses({ ...small, header: { ...small.header, storedSize: 5, encryption: encrypted } });
    expect(keys.loads).toBe(loads);
  });

  it("of another record of the same key do not fit this body", async () => {
    await refuses({ header: { ...other.header, key: "large" }, body: large.body });
    await refuses({
      header: { ...large.header, encryption: other.header.encryption as EncryptionHeader },
      body: large.body,
    });
  });
});

it("moving a whole record to another key is refused", async () => {
  await refuses({ ...large, header: { ...large.header, key: "moved" } });
});

it("a plain record in the place of an encrypted one is shown as what it is", async () => {
  const storage = await openStorage(new MapAdapter(), { encryption });
  await storage.save("small", 1, { encrypt: false });
  expect(await storage.stat("small")).toMatchObject({ encrypted: false });
});

it("an inflated bomb is stopped by the size that the MAC covers", async () => {
  const adapter = new MapAdapter();
  const storage = await openStorage(adapter, { encryption });
  await storage.save("bomb", new Uint8Array(20_000_000), { compress: true });
  const record = adapter.records.get("bomb") as StoredRecord;
  expect(record.body.length).toBeLessThan(100_000);
  await refuses({ ...record, header: { ...record.header, size: 10 } });
  await refuses({ ...record, header: { ...record.header, size: 2 ** 40 } });
});

it("another master key under the same id opens nothing, also where an attacker chose it", async () => {
  const [right] = keys.keys;
  const wrong = new FakeKeys();
  wrong.keys = [{ id: right?.id ?? "", material: new Uint8Array(32).fill(99) }];
  wrong.active = right?.id ?? "";
  await using storage = await openStorage(adapter, { encryption: { keys: wrong } });
  await expect(storage.load("small")).rejects.toMatchObject({
    code: "DECRYPT_FAILED",
    message: expect.stringContaining("not encrypted with the key"),
  });
  expect(await storage.stat("small")).toMatchObject({ sealed: true, metadata: {} });
});

it("no error tells anything of the value or a key", async () => {
  await using storage = await openStorage(adapter, { encryption: { keys, realm: "elsewhere" } });
  const error: Error = await storage.load("small").then(
    () => Promise.reject(new Error("was read")),
    (reason: Error) => reason,
  );
  const material = Buffer.from(keys.keys[0]?.material as Uint8Array);
  const shown = `${JSON.stringify(error)} ${error.stack}`;
  for (const secret of [material.toString("hex"), material.toString("base64"), "hushhush"])
    expect(error.message + JSON.stringify(error)).not.toContain(secret);
  expect(shown).toContain("realm");
});
