import { StorageError } from "../errors.js";

/** A copy, so that what the caller does with the bytes later changes nothing. Throws INVALID_VALUE. */
export function encodeBinary(value: unknown): Uint8Array {
  if (!isBytes(value)) {
    throw new StorageError(
      "INVALID_VALUE",
      `$ is not a Uint8Array, which is what the format "binary" holds; ${advice(value)}`,
    );
  }
  try {
    return new Uint8Array(value);
  } catch (cause) {
    throw new StorageError("INVALID_VALUE", "$ is a Uint8Array whose memory was transferred or taken away", { cause });
  }
}

/** Also of another realm, such as a frame's. */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === "[object Uint8Array]";
}

function advice(value: unknown): string {
  if (ArrayBuffer.isView(value)) return "view its buffer as a Uint8Array";
  if (value instanceof ArrayBuffer) return "pass new Uint8Array(buffer)";
  if (typeof Blob !== "undefined" && value instanceof Blob) return "use saveStream with blob.stream()";
  if (typeof value === "string") return "encode the text with TextEncoder, or save it as json";
  return "save it as json or yaml";
}
