import { type ReadonlySignal, signal } from "@preact/signals";
import type { Credentials, Project } from "./account.ts";
import { dropSession } from "./end-session.ts";
import { forAMoment } from "./for-a-moment.ts";
import { Library } from "./library.ts";
import { go } from "./place.ts";
import { keepProject, keptProject, sessionName } from "./project.ts";
import { openInBrowser, type Session } from "./session.ts";

/** A library, or why there is none. */
export type Shown =
  | { readonly is: "library"; readonly library: Library }
  | { readonly is: "failure"; readonly error: unknown; readonly inCloud: boolean };

export type HowToSignIn = "signIn" | "signUp";

/** Which store the page shows: this browser's, or one in the cloud. One is shown at a time. */
export class Stage {
  readonly #shown = signal<Shown | undefined>(undefined);
  /** Whether it is being asked who signs in where. */
  readonly asking = signal(false);
  /** To sign in. One ends before the next begins, since all keep their session in the same place. */
  #attempt: Promise<void> = Promise.resolve();

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

  /** Throws what went wrong, or the reason of the signal; the store that is shown stays. */
  signIn(how: HowToSignIn, project: Project, credentials: Credentials, wanted: AbortSignal): Promise<void> {
    const attempt = this.#attempt.then(() => this.#signIn(how, project, credentials, wanted));
    this.#attempt = attempt.catch(() => undefined);
    return attempt;
  }

  async #signIn(how: HowToSignIn, project: Project, credentials: Credentials, wanted: AbortSignal): Promise<void> {
    const cloud = await loadCloud();
    let forget = (): void => undefined;
    // A page that is closed before the store is open leaves no session of which the next one does not know.
    const signedIn = () => {
      const before = keptProject();
      keepProject(project);
      forget = () => keepProject(before);
    };
    let library: Library;
    try {
      library = await startWanted(await cloud[how](project, { credentials, wanted, signedIn }), wanted);
    } catch (error) {
      forget();
      throw error;
    }
    void this.#show(library);
    library.notices.done(`Signed in as ${credentials.email}`);
  }

  async signOut(): Promise<void> {
    const shown = this.#shown.peek();
    const account = shown?.is === "library" ? shown.library.session.account : undefined;
    if (account?.standing.peek() !== "replaced") keepProject(undefined);
    let library: Library;
    try {
      library = await Library.start(await openInBrowser());
      // What is on its way needs the session, but a store may take ten seconds to close.
      await forAMoment(this.#show(library));
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

  /** In place of another one; resolves when that is closed. */
  async #show(library: Library): Promise<void> {
    const before = this.#shown.peek();
    // What is open there is not here, except where one has signed in again.
    if (before?.is !== "library" || before.library.drafts !== library.drafts) go({ at: "list" });
    this.#shown.value = { is: "library", library };
    if (before?.is !== "library") return;
    // What came of that is told where one can see it.
    await library.notices.attempt("Closing the store that was left", () => before.library.stop());
  }

  async #enter(session: Session): Promise<Library> {
    const library = await Library.start(session);
    this.#shown.value = { is: "library", library };
    return library;
  }
}

/** Who cannot be shown a store, or does not want to see it any more, is not signed in either. */
async function startWanted(session: Session, wanted: AbortSignal): Promise<Library> {
  try {
    return await Library.start(session, wanted);
  } catch (error) {
    await session.account?.signOut();
    throw error;
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
