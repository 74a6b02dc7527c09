import { hash } from "node:crypto";

const known = new WeakMap<Uint8Array, string>();

/** The SHA-256 of bytes that are never changed in place, in hex. */
export function sha256Of(bytes: Uint8Array): string {
  let digest = known.get(bytes);
  if (digest === undefined) {
    digest = hash("sha256", bytes);
    known.set(bytes, digest);
  }
  return digest;
}
