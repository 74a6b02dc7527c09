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

/** Who is signed in to a project. */
export interface Account {
  readonly email: string;
  readonly project: Project;
  /** Whether the session is over: signed out elsewhere, or refused when it was to be renewed. */
  readonly ended: ReadonlySignal<boolean>;
  /** The session is gone from this browser within a moment, whatever the project answers. */
  signOut(): Promise<void>;
}
