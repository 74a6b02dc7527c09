import { type ReadonlySignal, signal } from "@preact/signals";
import type { Credentials, Project } from "./account.ts";
import { dropSession } from "./end-session.ts";
import { Library } from "./library.ts";
import { go } from "./place.ts";
import { keepProject, keptProject, sessionName } from "./project.ts";
import { openInBrowser, type Session } from "./session.ts";

/** A library, or why there is none. */
export type Shown =
  | { readonly is: "library"; readonly library: Library }
  | { readonly is: "failure"; readonly error: unknown; readonly inCloud: boolean };

/** Which store the page shows: this browser's, or one in the cloud. One is shown at a time. */
export class Stage {
  readonly #shown = signal<Shown | undefined>(undefined);
  /** Whether it is being asked who signs in where. */
  readonly asking = signal(false);

  /** Undefined until the first store is open. */
  get shown(): ReadonlySignal<Shown | undefined> {
    return this.#shown;
  }

  /** Opens the store that was open when the page was last used. */
  async start(): Promise<void> {
    const project = keptProject();
    try {
      const resumed = project && (await (await loadCloud()).resume(project));
      const library = await this.#enter(resumed ?? (await openInBrowser()));
      if (project !== undefined && resumed === undefined) {
        go({ at: "list" });
        library.notices.failed("Opening the store in the cloud", new Error("your session has ended. Sign in again"));
      }
    } catch (error) {
      this.#shown.value = { is: "failure", error, inCloud: project !== undefined };
    }
  }

  /** Throws what went wrong; the store that is shown stays. */
  async signIn(how: "signIn" | "signUp", project: Project, credentials: Credentials): Promise<void> {
    const cloud = await loadCloud();
    const session = await cloud[how](project, credentials);
    let library: Library;
    try {
      library = await this.#switchTo(session);
    } catch (error) {
      // Who cannot be shown a store is not signed in either.
      await session.account?.signOut();
      throw error;
    }
    keepProject(project);
    library.notices.done(`Signed in as ${credentials.email}`);
  }

  async signOut(): Promise<void> {
    const shown = this.#shown.peek();
    const account = shown?.is === "library" ? shown.library.session.account : undefined;
    keepProject(undefined);
    let library: Library;
    try {
      library = await this.#switchTo(await openInBrowser());
    } finally {
      // Whoever signs out leaves no session behind, whatever else goes wrong.
      await account?.signOut();
    }
    library.notices.done("Signed out");
  }

  /** Leaves the cloud for now: the page begins there again when it is loaded anew. */
  async useBrowser(): Promise<void> {
    try {
      await this.#enter(await openInBrowser());
    } catch (error) {
      this.#shown.value = { is: "failure", error, inCloud: false };
    }
  }

  /** Leaves the cloud for good, also a project that is gone: neither it nor a session in it is kept. */
  async forgetProject(): Promise<void> {
    const project = keptProject();
    keepProject(undefined);
    await Promise.all([this.useBrowser(), project && signOutUnseen(project)]);
  }

  async #switchTo(session: Session): Promise<Library> {
    const before = this.#shown.peek();
    // What is open there is not here.
    go({ at: "list" });
    const library = await this.#enter(session);
    if (before?.is === "library") {
      // What it is at may take its time, and is not waited for; what came of it is told where one can see it.
      void library.notices.attempt("Closing the store that was left", () => before.library.stop());
    }
    return library;
  }

  async #enter(session: Session): Promise<Library> {
    const library = await Library.start(session);
    this.#shown.value = { is: "library", library };
    return library;
  }
}

async function signOutUnseen(project: Project): Promise<void> {
  const cloud = await loadCloud().catch(() => undefined);
  if (cloud === undefined) dropSession(sessionName(project));
  else await cloud.signOut(project);
}

/** Many times as large as all the rest, so it is loaded when it is needed. */
function loadCloud() {
  return import("./open-in-cloud.ts");
}
