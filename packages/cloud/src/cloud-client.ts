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
      createSignedUrls(paths: string[], seconds: number): PromiseLike<ClientAnswer>;
    };
  };
  readonly auth: { refreshSession(): PromiseLike<{ readonly data: { readonly session: unknown } }> };
  /** For Realtime. A client without it hears of others' writes by looking. */
  channel?(topic: string): CloudChannel;
  removeChannel?(channel: CloudChannel): PromiseLike<unknown>;
}

/** What the adapter uses of a RealtimeChannel. */
export interface CloudChannel {
  on(
    type: "postgres_changes",
    filter: { event: "UPDATE"; schema: string; table: string; filter: string },
    listener: (change: { readonly new: Readonly<Record<string, unknown>> }) => void,
  ): CloudChannel;
  on(type: "system", filter: Record<never, never>, listener: (message: SystemMessage) => void): CloudChannel;
  subscribe(listener: (status: string) => void): CloudChannel;
}

/** What Realtime says of a channel itself. */
export interface SystemMessage {
  readonly extension?: string;
  readonly status?: string;
}
