/** What a `supabase:` URL and the environment say. */
export interface SupabaseStoreOptions {
  /** Of the project. */
  url: string;
  /** The secret key, or any that `createClient` takes. */
  key: string;
  /** Which of the owner's stores. */
  store?: string | undefined;
  /** With the secret key: the id of the user whose store it is. */
  owner?: string | undefined;
}
