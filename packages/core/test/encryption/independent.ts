import { createDecipheriv, createHash, createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { gunzipSync } from "node:zlib";

/** What a store holds of one item, as any program may find it. */
export interface Found {
  readonly header: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

const ZERO = Buffer.alloc(12);

/**
 * A second implementation of reading, written from docs/encryption-format.md alone: it shares no code with the first. Returns the
 * encoded bytes, and metadata and tags.
 */
export function readByThePage(
  { header, body }: Found,
  masterKey: Buffer,
): { bytes: Buffer; metadata: unknown; tags: unknown } {
  const encryption = header["encryption"] as Record<string, string>;
  const key = header["key"] as string;
  const realm = encryption["realm"] ?? "";
  const id = bin(encryption["id"]);

  // Keys.
  const keyId = derive(masterKey, Buffer.alloc(0), "holdfast/1 key-id", 8).toString("hex");
  check(keyId === encryption["key"], "the key's id");
  const wrap = bin(encryption["wrap"]);
  check(wrap.length === 112, "the length of the wrap");
  const [salt, commit, wrapped] = [wrap.subarray(0, 32), wrap.subarray(32, 64), wrap.subarray(64)];
  const wrapping = derive(masterKey, salt, "holdfast/1 wrap", 64);
  check(timingSafeEqual(wrapping.subarray(32), commit), "the commitment");
  const dataKey = open(
    wrapping.subarray(0, 32),
    ZERO,
    Buffer.concat([Buffer.from("holdfast/1 wrap"), text(realm), id]),
    wrapped,
  );
  const value = derive(dataKey, id, "holdfast/1 value", 64);

  // The header.
  const { created: _, ...signed } = structuredClone(header) as Record<string, unknown>;
  delete (signed["encryption"] as Record<string, unknown>)["mac"];
  const mac = createHmac("sha256", value.subarray(32)).update("holdfast/1 header").update(jcs(signed)).digest();
  check(timingSafeEqual(mac, bin(encryption["mac"])), "the MAC");

  // The body.
  check(checksumOf(body) === header["checksum"], "the checksum");
  const pieces: Buffer[] = [];
  const count = Math.ceil(body.length / 65_552);
  for (let index = 0; index < count; index++) {
    const place = Buffer.alloc(5);
    place.writeUInt32BE(index, 0);
    place.writeUInt8(index === count - 1 ? 1 : 0, 4);
    const codec = Buffer.from([
      { json: 1, yaml: 2, binary: 3 }[header["format"] as "json"],
      header["compression"] === "gzip" ? 1 : 0,
    ]);
    const additional = Buffer.concat([Buffer.from("holdfast/1 chunk"), text(realm), text(key), id, codec, place]);
    const nonce = Buffer.concat([Buffer.alloc(7), place]);
    pieces.push(open(value.subarray(0, 32), nonce, additional, body.subarray(index * 65_552, (index + 1) * 65_552)));
  }
  const packed = Buffer.concat(pieces);
  const bytes = header["compression"] === "gzip" ? gunzipSync(packed) : packed;
  check(bytes.length === header["size"], "the size");

  const sealed = encryption["sealed"] === undefined ? undefined : bin(encryption["sealed"]);
  if (sealed === undefined) return { bytes, metadata: header["metadata"], tags: header["tags"] };
  const sealedKey = derive(dataKey, sealed.subarray(0, 32), "holdfast/1 sealed", 32);
  const additional = Buffer.concat([Buffer.from("holdfast/1 sealed"), text(realm), text(key), id]);
  const shown = JSON.parse(open(sealedKey, ZERO, additional, sealed.subarray(32)).toString()) as {
    metadata: unknown;
    tags: unknown;
  };
  return { bytes, ...shown };
}

function checksumOf(body: Buffer): string {
  const chunks = Array.from({ length: Math.ceil(body.length / 1_048_576) }, (_, index) =>
    sha256(body.subarray(index * 1_048_576, (index + 1) * 1_048_576)),
  );
  return (chunks.length > 1 ? sha256(Buffer.concat(chunks)) : sha256(body)).toString("hex");
}

function sha256(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}

function derive(secret: Buffer, salt: Buffer, info: string, length: number): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, salt, info, length));
}

function open(key: Buffer, nonce: Buffer, additional: Buffer, sealed: Buffer): Buffer {
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: 16 });
  decipher.setAAD(additional).setAuthTag(sealed.subarray(-16));
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function bin(value: string | undefined): Buffer {
  return Buffer.from(value ?? "", "base64url");
}

function jcs(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jcs).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${jcs((value as Record<string, unknown>)[name])}`).join(",")}}`;
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(`${what} is not as the page says`);
}
