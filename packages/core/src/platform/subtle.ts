import { StorageError } from "../errors.js";

/** Throws UNSUPPORTED where there is none. */
export function subtle(): SubtleCrypto {
  // Absent on pages that are not served over https or from localhost, whatever the type says.
  const found: SubtleCrypto | undefined = globalThis.crypto?.subtle;
  if (found !== undefined) return found;
  throw new StorageError("UNSUPPORTED", "there is no Web Crypto here: serve the page over https, or from localhost");
}
