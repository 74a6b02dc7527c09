import { StorageError } from "@holdfast/core";
import { classify } from "./classify.js";
import type { ClientAnswer, CloudClient } from "./cloud-client.js";
import { BUCKET } from "./connection.js";
import { RequestError } from "./request-error.js";

/** Something that a project should have, and whether it has. */
export interface ProjectCheck {
  readonly name: string;
  readonly ok: boolean;
  /** What is wrong. */
  readonly detail?: string;
}

/** A client that also tells of buckets, as supabase-js does. */
export interface BucketClient extends CloudClient {
  readonly storage: CloudClient["storage"] & {
    getBucket(
      name: string,
    ): PromiseLike<{ readonly data: { readonly public: boolean } | null; readonly error: unknown }>;
  };
}

// Each refuses a store that cannot be, which only what is there can do. No store has the number 0.
const PROBES: readonly [name: string, call: string, parameters: object][] = [
  ["functions that write", "holdfast_stage", { p_store: "0", p_parts: [] }],
  ["functions that read", "holdfast_feed_end", { p_store: "0" }],
];
const NO_SUCH_STORE = /\bHF001\b/;

/**
 * Looks whether a project has what this version of the adapter needs, with a client of its secret key. Changes nothing.
 *
 * @throws UNAUTHORIZED for a key that is not the project's secret key, UNAVAILABLE when the project cannot be reached.
 */
export async function checkProject(client: BucketClient): Promise<ProjectCheck[]> {
  const checks: ProjectCheck[] = [];
  const never = new AbortController().signal;
  for (const [name, call, parameters] of PROBES) {
    const answer = await client.rpc(call, parameters).abortSignal(never);
    checks.push(explain(name, answer));
  }
  const { data, error } = await client.storage.getBucket(BUCKET);
  checks.push({
    name: "private bucket",
    ok: data !== null && !data.public,
    ...(data === null ? { detail: `there is no bucket "${BUCKET}": ${messageOf(error)}` } : {}),
    ...(data?.public === true ? { detail: `the bucket "${BUCKET}" is public: everybody can read large bodies` } : {}),
  });
  return checks;
}

function explain(name: string, { error, status }: ClientAnswer): ProjectCheck {
  const message = messageOf(error);
  if (NO_SUCH_STORE.test(message)) return { name, ok: true };
  const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
  const known = classify(new RequestError(message, { code, status: status ?? 0 }));
  // The tables or functions are not there; anything else says nothing about them.
  if (known?.code === "UNAVAILABLE" && known.retryable === false) return { name, ok: false, detail: message };
  throw new StorageError(known?.code ?? "INTERNAL", `the project cannot be checked: ${known?.message ?? message}`, {
    adapter: "cloud",
  });
}

function messageOf(error: unknown): string {
  return typeof error === "object" && error !== null && "message" in error ? String(error.message) : "no answer";
}
