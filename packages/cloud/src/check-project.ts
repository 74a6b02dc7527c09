import { StorageError } from "@holdfast/core";
import { classify } from "./classify.js";
import type { ClientAnswer, CloudClient } from "./cloud-client.js";
import { BUCKET } from "./connection.js";
import { PROBES } from "./probes.js";
import { RequestError } from "./request-error.js";

/** Something that a project should have, and whether it has. */
export interface ProjectCheck {
  readonly name: string;
  readonly ok: boolean;
  /** What is wrong, or the names of what is missing. */
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

// What is there refuses a store that cannot be, and an owner who is nobody.
const IS_THERE = /\bHF00[13]\b/;
const NO_SUCH_USER = "23503";
const SECRET_KEY =
  "that takes the project's secret key (in the environment: SUPABASE_KEY), and this is none or not the one of this project; copy it from Project Settings, API Keys";

/**
 * Looks whether a project has what this version of the adapter needs, with a client of its secret key. Changes nothing.
 *
 * @throws UNAUTHORIZED for a key that is not the project's secret key, UNAVAILABLE when the project cannot be reached.
 */
export async function checkProject(client: BucketClient): Promise<ProjectCheck[]> {
  const checks: ProjectCheck[] = [];
  const never = new AbortController().signal;
  for (const { name, calls } of PROBES) {
    const answers = await Promise.all(
      Object.entries(calls).map(async ([call, parameters]) => {
        const answer = await client.rpc(call, parameters).abortSignal(never);
        return isMissing(answer) ? [call] : [];
      }),
    );
    checks.push(lacking(name, answers.flat()));
  }
  const check = await client.rpc("holdfast_check", {}).abortSignal(never);
  // Which function it is that is missing says the name.
  const guards = isMissing(check) ? ["holdfast_check"] : (check.data as readonly string[]);
  checks.push(lacking("policies, triggers and privileges", guards));
  const { data, error } = await client.storage.getBucket(BUCKET);
  checks.push({
    name: "private bucket",
    ok: data !== null && !data.public,
    ...(data === null ? { detail: `there is no bucket "${BUCKET}": ${messageOf(error)}` } : {}),
    ...(data?.public === true ? { detail: `the bucket "${BUCKET}" is public: everybody can read large bodies` } : {}),
  });
  return checks;
}

function lacking(name: string, missing: readonly string[]): ProjectCheck {
  return missing.length === 0 ? { name, ok: true } : { name, ok: false, detail: missing.join(", ") };
}

/** Whether the function that was called is not there. Throws where the answer says nothing about that. */
function isMissing({ error, status }: ClientAnswer): boolean {
  if (error === null) return false;
  const message = messageOf(error);
  const code = typeof error === "object" && "code" in error ? String(error.code) : "";
  if (IS_THERE.test(message) || code === NO_SUCH_USER) return false;
  const known = classify(new RequestError(message, { code, status: status ?? 0 }));
  if (known?.code === "UNAVAILABLE" && known.retryable === false) return true;
  const why = known?.code === "UNAUTHORIZED" ? SECRET_KEY : (known?.message ?? message);
  throw new StorageError(known?.code ?? "INTERNAL", `the project cannot be checked: ${why}`, { adapter: "cloud" });
}

function messageOf(error: unknown): string {
  return typeof error === "object" && error !== null && "message" in error ? String(error.message) : "no answer";
}
