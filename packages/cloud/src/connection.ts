import { StorageError, systemPorts } from "@holdfast/core";
import { isExpired } from "./classify.js";
import type { ClientAnswer } from "./cloud-client.js";
import { missingObject } from "./missing-object.js";
import type { CompleteOptions } from "./options.js";
import { LOCAL, RequestError } from "./request-error.js";
import { Turnstile } from "./turnstile.js";

/** The private bucket of large bodies. */
export const BUCKET = "holdfast";
/** How many addresses a project signs with one request. */
export const MOST_SIGNED = 1_000;
/** Requests under way at once. A project has few connections to its database, and lets the others fail. */
const AT_ONCE = 32;
/** How much longer than a call of a function moving a part may take. */
const PART_PATIENCE = 5;

/** Requests to one project. Whatever goes wrong is a RequestError, or the reason of the caller's signal. */
export class Connection {
  readonly #options: CompleteOptions;
  readonly #turnstile = new Turnstile(AT_ONCE);
  #closed = false;

  constructor(options: CompleteOptions) {
    this.#options = options;
  }

  /** Calls a function of the database: one request. */
  async call<T>(name: string, parameters: Record<string, unknown>, signal: AbortSignal | undefined): Promise<T> {
    const { client, timeout } = this.#options;
    const ask = (given: AbortSignal) => client.rpc(name, parameters).abortSignal(given);
    // The functions of the package answer what docs/cloud.md says.
    return (await this.#refreshed(ask, signal, timeout)) as T;
  }

  /** Puts an object where nothing is. Resolves also when an earlier try had put it there: nobody else knows its name. */
  async upload(name: string, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    const { client, timeout } = this.#options;
    const ask = () =>
      client.storage.from(BUCKET).upload(name, bytes, { contentType: "application/octet-stream", upsert: false });
    try {
      await this.#refreshed(ask, signal, timeout * PART_PATIENCE);
    } catch (error) {
      if (!(error instanceof RequestError && error.status === 409)) throw error;
    }
  }

  /** The bytes of an object; undefined when it is not there. */
  async download(name: string, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
    const { client, timeout } = this.#options;
    const ask = async (given: AbortSignal) => {
      const { data, error } = await client.storage.from(BUCKET).download(name, {}, { signal: given });
      return { data: data === null ? null : await data.arrayBuffer(), error };
    };
    try {
      const bytes = await this.#refreshed(ask, signal, timeout * PART_PATIENCE);
      return new Uint8Array(bytes as ArrayBuffer);
    } catch (error) {
      if (error instanceof RequestError && error.status === 404) return undefined;
      throw error;
    }
  }

  /**
   * Addresses of objects, in their order, that are good for so many seconds: one request, which takes up to `MOST_SIGNED`. Throws
   * UNSUPPORTED where the server gives none.
   */
  async sign(names: string[], seconds: number): Promise<string[]> {
    const { client, timeout } = this.#options;
    const ask = () => client.storage.from(BUCKET).createSignedUrls(names, seconds);
    const signed = await this.#refreshed(ask, undefined, timeout).catch((error: unknown) => {
      // What is missing is told for each name, so here it is the call.
      if (!(error instanceof RequestError && error.status === 404)) throw error;
      throw new StorageError("UNSUPPORTED", "the server signs no addresses of objects: load the item", {
        adapter: "cloud",
      });
    });
    return names.map((name, index) => {
      const url = (signed as readonly { readonly signedUrl: string | null }[])[index]?.signedUrl;
      if (url) return url;
      throw missingObject(name);
    });
  }

  async remove(names: string[], signal: AbortSignal | undefined): Promise<void> {
    const { client, timeout } = this.#options;
    await this.#refreshed(() => client.storage.from(BUCKET).remove(names), signal, timeout);
  }

  /** From now on every request is refused. */
  close(): void {
    this.#closed = true;
  }

  /** Once more with a new token where the old one was refused, which means that nothing was done. */
  async #refreshed(
    ask: (signal: AbortSignal) => PromiseLike<ClientAnswer>,
    signal: AbortSignal | undefined,
    timeout: number,
  ): Promise<unknown> {
    try {
      return await this.#request(ask, signal, timeout);
    } catch (error) {
      if (!(error instanceof RequestError && isExpired(error))) throw error;
      if (!(await inTime(() => this.#refresh(), signal, timeout))) throw error;
      return this.#request(ask, signal, timeout);
    }
  }

  async #request(
    ask: (signal: AbortSignal) => PromiseLike<ClientAnswer>,
    signal: AbortSignal | undefined,
    timeout: number,
  ): Promise<unknown> {
    await this.#turnstile.enter(signal);
    try {
      return await this.#send(ask, signal, timeout);
    } finally {
      this.#turnstile.leave();
    }
  }

  async #send(
    ask: (signal: AbortSignal) => PromiseLike<ClientAnswer>,
    signal: AbortSignal | undefined,
    timeout: number,
  ): Promise<unknown> {
    if (this.#closed) throw new StorageError("CLOSED", "this adapter is not open", { adapter: "cloud" });
    if (isOffline()) throw new RequestError("this device is offline", { code: LOCAL.offline });
    const answered = async (given: AbortSignal) => {
      const answer = await settled(ask(given));
      if (answer.error === null) return answer.data;
      throw toRequestError(answer);
    };
    return inTime(answered, signal, timeout);
  }

  /** Whether there is a new session. Clients that get their tokens elsewhere have none to refresh. */
  async #refresh(): Promise<boolean> {
    try {
      const { data } = await this.#options.client.auth.refreshSession();
      return data.session !== null;
    } catch {
      return false;
    }
  }
}

function isOffline(): boolean {
  return "navigator" in globalThis && globalThis.navigator.onLine === false;
}

/** What comes of `work`, if it comes in time. Throws what it throws, TIMEOUT, or the reason of the signal. */
async function inTime<T>(
  work: (given: AbortSignal) => Promise<T>,
  signal: AbortSignal | undefined,
  timeout: number,
): Promise<T> {
  const late = new AbortController();
  // The server is outside: its time is real, whoever owns the clocks in here.
  const cancel = systemPorts.timers.schedule(() => late.abort(), timeout, "background");
  try {
    const given = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
    return await Promise.race([work(given), fired(given)]);
  } catch (error) {
    signal?.throwIfAborted();
    if (late.signal.aborted) throw new RequestError("the server did not answer in time", { code: LOCAL.timeout });
    throw error;
  } finally {
    cancel();
  }
}

async function settled(asking: PromiseLike<ClientAnswer>): Promise<ClientAnswer> {
  try {
    return await asking;
  } catch (error) {
    return { data: null, error: error ?? new Error("no reason given") };
  }
}

/** Rejects once it does: not every part of the client listens to signals. */
function fired(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

function toRequestError({ error, status }: ClientAnswer): RequestError {
  if (typeof error !== "object" || error === null) return new RequestError("the request failed");
  const message = "message" in error ? String(error.message) : "the request failed";
  // Storage says its own status in words; a status of HTTP stands beside it, and is another one.
  const told = "statusCode" in error ? Number(error.statusCode) : "status" in error ? Number(error.status) : status;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const answered = told !== undefined && Number.isInteger(told) ? told : 0;
  // What cannot stand in a header is quoted in full where it is refused, and it is a key or a token. A character above U+00FF is refused
  // before that, as what is no "ByteString".
  if (answered === 0 && /header|ByteString/i.test(message)) {
    return new RequestError("the request has a header that cannot be sent", { code: LOCAL.header });
  }
  return new RequestError(message, { code, status: answered });
}
