/** Milliseconds that are waited at most because a server asks for it. */
const LONGEST_WAIT = 30_000;
const MOST_TRIES = 3;

/**
 * A `fetch` that does as the server asks with `Retry-After`: a request that was refused with 429 or 503 is made again after that
 * time, if it is 30 seconds or less. supabase-js hands neither header nor response on, so only here can that be seen.
 *
 * @example
 * const client = createClient(url, key, { global: { fetch: patientFetch() } });
 */
export function patientFetch(inner: typeof fetch = fetch): typeof fetch {
  return async (input, init) => {
    for (let attempt = 1; ; attempt++) {
      const response = await inner(input, init);
      const wait = attempt < MOST_TRIES && isRepeatable(input, init) ? waitAskedFor(response) : undefined;
      if (wait === undefined) return response;
      await response.body?.cancel();
      await pause(wait, init?.signal ?? undefined);
    }
  };
}

/** A stream has been read when its request is over. */
function isRepeatable(input: Parameters<typeof fetch>[0], init: RequestInit | undefined): boolean {
  return !(input instanceof Request && input.body !== null) && !(init?.body instanceof ReadableStream);
}

function waitAskedFor({ status, headers }: Response): number | undefined {
  const asked = status === 429 || status === 503 ? headers.get("retry-after") : null;
  if (asked === null) return undefined;
  const wait = /^\d+$/.test(asked) ? Number(asked) * 1_000 : Date.parse(asked) - Date.now();
  return wait <= LONGEST_WAIT ? Math.max(0, wait) : undefined;
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
