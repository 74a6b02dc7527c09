import type { ReadonlySignal } from "@preact/signals";

/** A Supabase project, as everybody may know it. */
export interface Project {
  readonly url: string;
  /** The publishable one. */
  readonly key: string;
}

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

/**
 * What has become of a session. `ended`: signed out elsewhere, or refused when it was to be renewed. `replaced`: another user has
 * signed in in another tab, and all tabs are that user's.
 */
export type Standing = "lasting" | "ended" | "replaced";

/** Who is signed in to a project. */
export interface Account {
  readonly email: string;
  readonly project: Project;
  readonly standing: ReadonlySignal<Standing>;
  /** The session is gone from this browser within a moment, whatever the project answers; that of another user stays. */
  signOut(): Promise<void>;
}
