import { describe, expect, it } from "vitest";
import { cryptoPlatform as node } from "../../dist/platform/node-crypto.js";
import { cryptoPlatform as web } from "../../dist/platform/web-crypto.js";

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
const hex = (data: Uint8Array) => Buffer.from(data).toString("hex");

/** Of the specification of GCM, cases 13, 14 and 16: keys of 256 bits, nonces of 96. */
const GCM = [
  {
    key: "00".repeat(32),
    nonce: "00".repeat(12),
    additional: "",
    plain: "",
    sealed: "530f8afbc74536b9a963b4f1c4cb738b",
  },
  {
    key: "00".repeat(32),
    nonce: "00".repeat(12),
    additional: "",
    plain: "00".repeat(16),
    sealed: "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
  },
  {
    key: "feffe9928665731c6d6a8f9467308308".repeat(2),
    nonce: "cafebabefacedbaddecaf888",
    additional: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
    plain:
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
    sealed:
      "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b",
  },
];

describe.each([
  { name: "node", platform: node },
  { name: "web", platform: web },
])("$name", ({ platform }) => {
  it.each(GCM)("AES-256-GCM of $plain", async ({ key, nonce, additional, plain, sealed }) => {
    const aes = await platform.aesGcm(bytes(key));
    const target = new Uint8Array(sealed.length / 2);
    await aes.seal(target, bytes(nonce), bytes(additional), bytes(plain));
    expect(hex(target)).toBe(sealed);
    const opened = new Uint8Array(plain.length / 2);
    expect(await aes.open(opened, bytes(nonce), bytes(additional), bytes(sealed))).toBe(true);
    expect(hex(opened)).toBe(plain);
  });

  it("refuses every changed bit of ciphertext, tag, nonce and additional data, and leaves zeros", async () => {
    const { key, nonce, additional, sealed } = GCM[2] as (typeof GCM)[number];
    const aes = await platform.aesGcm(bytes(key));
    const parts = [sealed, nonce, additional].map(bytes) as [Uint8Array, Uint8Array, Uint8Array];
    for (const part of parts) {
      for (let bit = 0; bit < part.length * 8; bit++) {
        part[bit >> 3] = (part[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const target = new Uint8Array(parts[0].length - 16).fill(1);
        expect(await aes.open(target, parts[1], parts[2], parts[0])).toBe(false);
        if (platform === node) expect(target.every((byte) => byte === 0)).toBe(true);
        part[bit >> 3] = (part[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      }
    }
  });

  it("HKDF-SHA-256, as RFC 5869 has it in case 3", async () => {
    const derived = await platform.hkdf(bytes("0b".repeat(22)), new Uint8Array(0), "", 42);
    expect(hex(derived)).toBe("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
  });

  it("HMAC-SHA-256, as RFC 4231 has it in case 1", async () => {
    const mac = await platform.hmac(bytes("0b".repeat(20)), new TextEncoder().encode("Hi There"));
    expect(hex(mac)).toBe("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  });

  it("derives from a Web Crypto key that cannot be read out as from its bytes", async () => {
    const raw = bytes("07".repeat(32));
    const key = await crypto.subtle.importKey("raw", raw, "HKDF", false, ["deriveBits"]);
    const salt = bytes("01".repeat(32));
    expect(hex(await platform.hkdf(key, salt, "label", 64))).toBe(hex(await platform.hkdf(raw, salt, "label", 64)));
  });
});

it("node's memory for large pieces is given back at once, not when the garbage collector comes", async () => {
  const [piece, sealed] = [new Uint8Array(64 * 1024), new Uint8Array(64 * 1024 + 16)];
  const aes = await node.aesGcm(new Uint8Array(32));
  const [nonce, additional] = [new Uint8Array(12), new Uint8Array(0)];
  const before = process.memoryUsage().arrayBuffers;
  for (let count = 0; count < 64; count++) {
    aes.seal(sealed, nonce, additional, piece);
    if (aes.open(piece, nonce, additional, sealed) !== true) throw new Error("was not opened");
  }
  // 8 MiB have been made by then, in one turn: nobody else makes or frees any meanwhile.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
});
