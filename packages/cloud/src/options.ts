import { describeValue, StorageError } from "@holdfast/core";
import type { CloudClient } from "./cloud-client.js";

export interface CloudOptions {
  /**
   * A client of the project, as `createClient()` of @supabase/supabase-js makes it, signed in as the user whose store it is. It
   * stays the caller's: `close` leaves it as it is.
   */
  client: CloudClient;
  /** Which of the user's stores; made when it is not there. 1 to 200 characters. Default: `"default"`. */
  store?: string | undefined;
  /**
   * The id of the user whose store it is. Needed with the secret key, which is no user. Of another user: what they share with the one
   * who is signed in.
   */
  owner?: string | undefined;
  /** Milliseconds after which a request without an answer is given up. Moving a large body's part gets five times as long. Default: 60,000. */
  timeout?: number | undefined;
  /**
   * Milliseconds between looks for what others have written, while somebody watches. Where nothing happens it becomes up to ten
   * times as long. Default: 1,000.
   */
  pollInterval?: number | undefined;
}

export interface CompleteOptions {
  readonly client: CloudClient;
  readonly store: string;
  readonly owner: string | null;
  readonly timeout: number;
  readonly pollInterval: number;
}

const NAMES = ["client", "store", "owner", "timeout", "pollInterval"];
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
// What a timer can hold, five times.
const LONGEST = Math.floor((2 ** 31 - 1) / 10);

/** Checks and completes; throws INVALID_OPTION, without what was given where that may have been a key or a token. */
export function completeOptions(options: CloudOptions): CompleteOptions {
  if (typeof options !== "object" || options === null) throw invalid("cloud() takes an object with a client");
  for (const name of Object.keys(options)) {
    if (!NAMES.includes(name)) {
      throw invalid(`cloud() has no option ${JSON.stringify(name)}; it has ${NAMES.join(", ")}`);
    }
  }
  const { client, store = "default", owner } = options;
  if (typeof client !== "object" || client === null || typeof client.rpc !== "function" || !("storage" in client)) {
    throw invalid("client is what createClient() of @supabase/supabase-js returns");
  }
  if (typeof store !== "string" || store === "" || store.length > 200 || !isPlain(store)) {
    throw invalid(`store is a name of 1 to 200 characters, without control characters, not ${describeValue(store)}`);
  }
  if (owner !== undefined && !isUserId(owner)) {
    throw invalid("owner is the id of a user, a UUID");
  }
  return {
    client,
    store,
    owner: owner ?? null,
    timeout: wholeNumber("timeout", options.timeout ?? 60_000),
    pollInterval: wholeNumber("pollInterval", options.pollInterval ?? 1_000),
  };
}

export function isUserId(id: unknown): id is string {
  return typeof id === "string" && UUID.test(id);
}

function isPlain(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text);
}

function wholeNumber(name: string, value: unknown): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1 || value > LONGEST) {
    throw invalid(`${name} is a whole number of milliseconds from 1 to ${LONGEST}, not ${describeValue(value)}`);
  }
  return value;
}

function invalid(message: string): StorageError {
  return new StorageError("INVALID_OPTION", message, { adapter: "cloud" });
}
