/** What the client answers: one of the two is null. */
export interface ClientAnswer {
  readonly data: unknown;
  readonly error: unknown;
  readonly status?: number;
}

/**
 * What the adapter uses of a SupabaseClient of @supabase/supabase-js. Told by its shape, since the classes of two copies or
 * versions of that package are no types of each other.
 */
export interface CloudClient {
  rpc(name: string, parameters: object): { abortSignal(signal: AbortSignal): PromiseLike<ClientAnswer> };
  readonly storage: {
    from(bucket: string): {
      upload(
        path: string,
        body: Uint8Array,
        options: { contentType: string; upsert: boolean },
      ): PromiseLike<ClientAnswer>;
      download(
        path: string,
        options: Record<never, never>,
        parameters: { signal: AbortSignal },
      ): PromiseLike<{ readonly data: Blob | null; readonly error: unknown }>;
      remove(paths: string[]): PromiseLike<ClientAnswer>;
    };
  };
  readonly auth: { refreshSession(): PromiseLike<{ readonly data: { readonly session: unknown } }> };
}
