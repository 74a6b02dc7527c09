import { type ReadonlySignal, signal } from "@preact/signals";
import type { Credentials, Project } from "./account.ts";
import { dropSession } from "./end-session.ts";
import { forAMoment } from "./for-a-moment.ts";
import { Library } from "./library.ts";
import { go } from "./place.ts";
import { isSameSession, keepProject, keptProject, sessionName } from "./project.ts";
import { openInBrowser, type Session } from "./session.ts";

/** A library, or why there is none. `inCloud`: none of this browser's. */
export type Shown =
  | { readonly is: "opening"; readonly inCloud: boolean }
  | { readonly is: "library"; readonly library: Library }
  | { readonly is: "failure"; readonly error: unknown; readonly inCloud: boolean };

export type HowToSignIn = "signIn" | "signUp";

/** Which store the page shows: this browser's, or one in the cloud. One is shown at a time. */
export class Stage {
  readonly #shown = signal<Shown>({ is: "opening", inCloud: false });
  /** Whether it is being asked who signs in where. */
  readonly asking = signal(false);
  /** To sign in. One ends before the next begins, since all keep their session in the same place. */
  #attempt: Promise<void> = Promise.resolve();
  /** To open a store where none is shown. */
  #opening = new AbortController();

  get shown(): ReadonlySignal<Shown> {
    return this.#shown;
  }

  /** Opens the store that was open when the page was last used. */
  async start(): Promise<void> {
    const project = keptProject();
    await this.#open(project !== undefined, async (wanted) => {
      const resumed = project && (await (await loadCloud()).resume(project));
      const library = await Library.start(resumed ?? (await openInBrowser()), wanted);
      if (project !== undefined && resumed === undefined) {
        go({ at: "list" });
        library.notices.failed("Opening the store in the cloud", new Error("your session has ended. Sign in again"));
      }
      return library;
    });
  }

  /** Throws what went wrong, or the reason of the signal; the store that is shown stays. */
  async signIn(how: HowToSignIn, project: Project, credentials: Credentials, wanted: AbortSignal): Promise<void> {
    const attempt = this.#attempt.then(() => this.#signIn(how, project, credentials, wanted));
    this.#attempt = attempt.then((leave) => leave()).catch(() => undefined);
    await attempt;
  }

  /** Resolves to what is left to do when the store is shown. */
  async #signIn(
    how: HowToSignIn,
    project: Project,
    credentials: Credentials,
    wanted: AbortSignal,
  ): Promise<() => Promise<void>> {
    const cloud = await loadCloud();
    let forget = (): void => undefined;
    let leave = (): Promise<void> => Promise.resolve();
    // A page that is closed before the store is open leaves no session of which the next one does not know.
    const signedIn = () => {
      const before = keptProject();
      keepProject(project);
      forget = () => keepProject(before);
      // One project is kept: in another one that was left for now, nobody would see the session any more.
      if (before !== undefined && !isSameSession(before, project)) leave = () => signOutUnseen(before);
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
    return leave;
  }

  async signOut(): Promise<void> {
    const shown = this.#shown.peek();
    const account = shown.is === "library" ? shown.library.session.account : undefined;
    if (account !== undefined && account.standing.peek() !== "replaced") forget(account.project);
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
    // What is open there is not here.
    go({ at: "list" });
    await this.#open(false, async (wanted) => Library.start(await openInBrowser(), wanted));
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
    if (before.is !== "library") return;
    // What came of that is told where one can see it.
    await library.notices.attempt("Closing the store that was left", () => before.library.stop());
  }

  /** Where no store is shown. An earlier opening that has not ended is given up. */
  async #open(inCloud: boolean, open: (wanted: AbortSignal) => Promise<Library>): Promise<void> {
    this.#opening.abort();
    this.#opening = new AbortController();
    const { signal } = this.#opening;
    this.#shown.value = { is: "opening", inCloud };
    try {
      this.#shown.value = { is: "library", library: await open(signal) };
    } catch (error) {
      if (!signal.aborted) this.#shown.value = { is: "failure", error, inCloud };
    }
  }
}

/** Unless another one has taken its place, in another tab. */
function forget(project: Project): void {
  const kept = keptProject();
  if (kept !== undefined && isSameSession(kept, project)) keepProject(undefined);
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
