import { chain, isPromise } from "../awaitable.js";
import type { MasterKey } from "../contract/encryption.js";
import type { Random } from "../ports.js";
import type { Awaitable, EncryptionHeader } from "../spi/index.js";
import { toBase64Url } from "./base64url.js";
import { deriveKeys, type ValueKeys, wrapKey } from "./data-key.js";
import { FORMAT, ID_BYTES, KEY_BYTES, SALT_BYTES } from "./format.js";

/** The keys of a value that is not there yet, and what its header will say of them. */
export interface NewValueKeys extends ValueKeys {
  readonly id: Uint8Array;
  readonly header: Omit<EncryptionHeader, "sealed" | "mac">;
}

/** Random bytes that the keys of one value are made of. */
const DRAWN_BYTES = ID_BYTES + KEY_BYTES + SALT_BYTES;
/** Most that are made ahead: what the first of them costs more is little for each of so many. */
const MOST_AHEAD = 15;

/**
 * Makes the keys of new values, wrapped under one master key. Where that takes no promise, those for the next saves are made in one
 * go, more of them with each time: after a commit or a large value the code for it has left the processor's caches, and the first
 * costs several times as much as the ones behind it. Each is handed out once.
 */
export class NewKeys {
  readonly #master: MasterKey;
  readonly #realm: string;
  readonly #random: Random;
  readonly #ready: NewValueKeys[] = [];
  #ahead = 0;

  constructor(master: MasterKey, realm: string, random: Random) {
    this.#master = master;
    this.#realm = realm;
    this.#random = random;
  }

  next(): Awaitable<NewValueKeys> {
    const ready = this.#ready.pop();
    if (ready !== undefined) return ready;
    const bytes = this.#random.bytes((1 + this.#ahead) * DRAWN_BYTES);
    const first = this.#make(bytes.subarray(0, DRAWN_BYTES));
    for (let at = DRAWN_BYTES; at < bytes.length; at += DRAWN_BYTES) {
      const further = this.#make(bytes.subarray(at, at + DRAWN_BYTES));
      if (!isPromise(further)) this.#ready.push(further);
    }
    if (!isPromise(first)) this.#ahead = Math.min(MOST_AHEAD, 2 * this.#ahead + 1);
    return first;
  }

  #make(bytes: Uint8Array): Awaitable<NewValueKeys> {
    const id = bytes.slice(0, ID_BYTES);
    const data = bytes.slice(ID_BYTES, ID_BYTES + KEY_BYTES);
    const salt = bytes.slice(ID_BYTES + KEY_BYTES);
    const realm = this.#realm;
    return chain(deriveKeys(data, id), (keys) =>
      chain(wrapKey(data, this.#master, salt, { realm, id }), (wrap) => ({
        ...keys,
        id,
        header: { v: FORMAT, realm, id: toBase64Url(id), key: this.#master.id, wrap: toBase64Url(wrap) },
      })),
    );
  }
}
