import { cryptoPlatform } from "#crypto";
import { chain } from "../awaitable.js";
import type { Awaitable, EncryptionHeader, RecordHeader } from "../spi/index.js";
import { toBase64Url } from "./base64url.js";
import { equalBytes, utf8 } from "./byte-fields.js";
import { canonicalJson } from "./canonical-json.js";
import { refused } from "./format.js";

/** A header that lacks its MAC. */
export type UnsignedHeader = Omit<RecordHeader, "encryption"> & { readonly encryption: Omit<EncryptionHeader, "mac"> };

/** The header with its MAC. */
export function signHeader(header: UnsignedHeader, key: Uint8Array): Awaitable<RecordHeader> {
  return chain(macOf(header, key), (mac) => ({
    ...header,
    encryption: { ...header.encryption, mac: toBase64Url(mac) },
  }));
}

/** Throws DECRYPT_FAILED where the header is not the one that was signed. */
export function checkHeaderMac(header: RecordHeader, mac: Uint8Array, key: Uint8Array): Awaitable<void> {
  return chain(macOf(header, key), (expected) => {
    if (!equalBytes(expected, mac)) throw refused(header, "its header was changed");
  });
}

/** What `created` is, the backend decides when it writes. */
function macOf(
  header: Omit<RecordHeader, "encryption"> & { readonly encryption?: object },
  key: Uint8Array,
): Awaitable<Uint8Array> {
  const { created: _created, ...rest } = header;
  const signed = canonicalJson({ ...rest, encryption: { ...rest.encryption, mac: undefined } });
  return cryptoPlatform.hmac(key, utf8(`holdfast/1 header${signed}`));
}
