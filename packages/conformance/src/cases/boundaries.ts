import { openStorage, type StorageAdapter, type StorageEngine, StorageError } from "@holdfast/core";
import { equal, ok } from "../assert.js";
import type { Context } from "../context.js";
import { show } from "../difference.js";
import { intercept } from "../faults/intercept.js";
import { viewOf } from "../harness.js";
import type { Theme } from "../suite.js";
import { stands } from "./stands.js";
import { prepare, type Subject, settingsFor, subjectsOf, type Target, valuesOf } from "./subjects.js";

/** An adapter that does something in the middle of an operation: just before one of its calls, or after the last. */
class Interrupted {
  readonly adapter: StorageAdapter;
  /** Calls since the instant was set. */
  calls = 0;
  #before: number | undefined;
  #after: number | undefined;
  #happen: () => void = () => undefined;

  constructor(sound: StorageAdapter) {
    this.adapter = intercept(sound, async (_, work) => {
      const call = ++this.calls;
      if (call === this.#before) this.#happen();
      const answer = await work();
      if (call === this.#after) this.#happen();
      return answer;
    });
  }

  /** Counts anew, and happens at the instant `instant` of an operation of `calls` calls: 0 is before the first, `calls` after the last. */
  at(instant: number, calls: number, happen: () => void): void {
    this.rest();
    this.#happen = happen;
    if (instant < calls) this.#before = instant + 1;
    else this.#after = calls;
  }

  /** Counts anew, and lets nothing happen. */
  rest(): void {
    this.calls = 0;
    this.#before = undefined;
    this.#after = undefined;
  }
}

/** Aborting and closing in the middle of every operation, at every call that it makes. */
export const boundaries: Theme = {
  name: "in the middle of everything",
  cases: [
    {
      name: "an abort at any call of an operation rejects it, and leaves old or new, whole",
      once: true,
      async run(context) {
        const opened = await openInterrupted(context);
        await atEveryInstant(
          context,
          async () => opened,
          async ({ subject, happening, check, name, target }) => {
            const controller = new AbortController();
            happening(() => controller.abort());
            const outcome = await settled(subject.run({ ...target, signal: controller.signal }));
            // Its operation is at an end once the stream is there: what is read then may still come.
            if (!isStream(subject) || outcome.error !== undefined) {
              ok(StorageError.is(outcome.error, "ABORTED"), `${name}: rejects ABORTED, not ${show(outcome.error)}`);
            }
            // Waits for what was given up and may still take effect.
            await opened.storage.flush();
            await check(valuesOf(subject));
          },
        );
        await opened.root.close();
      },
    },
    {
      name: "a close at any call of an operation waits for it, and what was acknowledged is there",
      once: true,
      run: (context) =>
        atEveryInstant(context, openInterrupted, async ({ subject, opened, happening, check, name, target }) => {
          let closing: Promise<void> | undefined;
          happening(() => {
            closing = opened.root.close();
          });
          const outcome = await settled(subject.run(target));
          ok(closing !== undefined, `${name}: the close has begun`);
          await closing;
          // A scan is an operation for each page, as is a reading of the feed, and a stream is read after its operation: those
          // may meet the close.
          const mayMeetIt = ["scan", "changes"].includes(subject.name) || isStream(subject);
          if (outcome.error !== undefined) {
            ok(mayMeetIt, `${name}: is waited for, but rejected with ${show(outcome.error)}`);
          }
          await check([valuesOf(subject)[1]]);
        }),
    },
  ],
};

interface Opened {
  readonly root: StorageEngine;
  readonly storage: StorageEngine;
  readonly interrupted: Interrupted;
}

interface Round {
  readonly subject: Subject;
  readonly opened: Opened;
  readonly name: string;
  readonly target: Target;
  /** Sets what happens at the instant. */
  readonly happening: (happen: () => void) => void;
  /** Fails unless one of the values stands, as somebody else sees it. */
  readonly check: (values: readonly unknown[]) => Promise<void>;
}

/** Every operation, at every instant between its calls. */
async function atEveryInstant(
  context: Context,
  open: (context: Context) => Promise<Opened>,
  round: (given: Round) => Promise<void>,
): Promise<void> {
  const witness = await context.open({ settings: settingsFor(context) });
  const sound = await openInterrupted(context);
  let rounds = 0;
  for (const subject of subjectsOf(context)) {
    const calls = await callsOf(context, subject, witness, sound);
    // An adapter that has nothing to do for it is not called at all.
    for (let instant = 0; calls > 0 && instant <= calls; instant++) {
      const opened = await open(context);
      const key = `k${rounds++}.`;
      const before = await prepare(context, witness, key, subject);
      const name = `${subject.name}, after ${instant} of ${calls} calls`;
      await round({
        subject,
        opened,
        name,
        target: { storage: opened.storage, key, ...before },
        happening: (happen) => opened.interrupted.at(instant, calls, happen),
        check: (values) => stands({ witness, name, subject, target: { key } }, values),
      });
      opened.interrupted.rest();
    }
  }
  await sound.root.close();
  equal((await witness.verify()).problems, [], "what verify finds afterwards");
}

async function openInterrupted(context: Context): Promise<Opened> {
  const interrupted = new Interrupted(context.backing.adapter());
  const root = await openStorage(interrupted.adapter, {
    ...context.mode.settings,
    ...settingsFor(context),
    ports: { clock: context.clock },
  });
  return { root, storage: viewOf(root, context.mode), interrupted };
}

/** How many calls an operation makes where nothing happens. */
async function callsOf(
  context: Context,
  subject: Subject,
  witness: StorageEngine,
  { storage, interrupted }: Opened,
): Promise<number> {
  const key = `sound ${subject.name}.`;
  const before = await prepare(context, witness, key, subject);
  interrupted.rest();
  await subject.run({ storage, key, ...before });
  return interrupted.calls;
}

function isStream({ name }: Subject): boolean {
  return name.startsWith("loadStream");
}

async function settled(call: Promise<unknown>): Promise<{ error: unknown }> {
  try {
    await call;
    return { error: undefined };
  } catch (error) {
    return { error };
  }
}
