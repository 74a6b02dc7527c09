import { openStorage, type StorageEngine, StorageError } from "@holdfast/core";
import { defined, equal, fail, ok, rejection, rejects } from "../assert.js";
import type { Context } from "../context.js";
import { difference, show } from "../difference.js";
import { type Fault, type FaultKind, faultsByMethod } from "../faults/fault.js";
import { type FaultyAdapter, faulty } from "../faults/faulty-adapter.js";
import type { AdapterMethod } from "../faults/intercept.js";
import { viewOf } from "../harness.js";
import type { Theme } from "../suite.js";
import { until } from "../turns.js";
import { faultStorms } from "./fault-storms.js";
import { stands } from "./stands.js";
import {
  companionOf,
  isWrite,
  prepare,
  type Subject,
  settingsFor,
  subjectsOf,
  type Target,
  valuesOf,
} from "./subjects.js";

/** What core asks again after a failure that passes; a caller learns of the others. */
const REPEATED: readonly AdapterMethod[] = [
  ...(["stat", "get", "put", "delete", "list", "query", "count"] as const),
  ...(["readStream", "info", "check", "repair", "compact"] as const),
  ...(["changes", "lastCursor", "history.list", "history.get", "history.readStream", "history.sweep"] as const),
];

const READS_BODIES: readonly AdapterMethod[] = ["get", "readStream", "history.get", "history.readStream"];

/** One operation with one fault at one of its calls. */
interface Trial {
  readonly subject: Subject;
  readonly fault: Fault;
  /** For messages. */
  readonly name: string;
  readonly adapter: FaultyAdapter;
  readonly witness: StorageEngine;
  readonly target: Target;
  /** What a reading operation answered before the item was written again. */
  readonly earlier: unknown;
}

/** Every operation, with every fault at every call that it makes of the adapter. */
export const faults: Theme = {
  name: "faults at each call",
  cases: [
    {
      name: "a call that fails before it does anything is repeated unseen, or comes out as UNAVAILABLE with nothing changed",
      run: (context) =>
        tryEach(context, ["before"], async (trial) => {
          if (REPEATED.includes(trial.fault.method)) return succeeds(trial);
          await comesOut(trial);
          await stands(trial, [valuesOf(trial.subject)[0]]);
        }),
    },
    {
      name: "a call whose answer is lost has its effect once, and is no conflict with itself",
      run: (context) =>
        tryEach(context, ["after"], async (trial) => {
          if (REPEATED.includes(trial.fault.method)) return succeeds(trial);
          await comesOut(trial);
          await stands(trial, valuesOf(trial.subject));
        }),
    },
    {
      name: "a call that arrives twice has its effect once",
      run: (context) => tryEach(context, ["duplicate"], succeeds),
    },
    {
      name: "a call that hangs ends by its signal, and has changed nothing",
      run: (context) =>
        tryEach(
          context,
          ["hang"],
          async (trial) => {
            for (const [code, reason] of [
              ["ABORTED", new Error("changed my mind")],
              ["TIMEOUT", new DOMException("too late", "TimeoutError")],
            ] as const) {
              const controller = new AbortController();
              trial.adapter.inject(trial.fault);
              const hung = trial.adapter.log.length;
              const running = trial.subject.run({ ...trial.target, signal: controller.signal });
              await Promise.race([until(() => trial.adapter.log.length > hung), running]);
              controller.abort(reason);
              await rejects(code, trial.name, () => running);
              await stands(trial, [valuesOf(trial.subject)[0]]);
            }
          },
          "later",
        ),
    },
    {
      name: "calls that hang do not keep the storage from being closed",
      run: closesOverHangingCalls,
    },
    {
      name: "an answer from the past lets no write go wrong, and no read answer what never was",
      run: (context) =>
        tryEach(context, ["stale"], async (trial) => {
          if (isWrite(trial.subject)) return succeeds(trial);
          const answer = await trial.subject.run(trial.target);
          // What is counted over the whole store moves with each trial.
          const present = await trial.subject.answer(trial.witness, trial.target.key);
          const once = trial.subject.name === "sweep" ? [0, 1] : [trial.earlier, present];
          ok(
            once.some((each) => difference(answer, each) === undefined),
            `${trial.name}: answers what was true once, not ${show(answer)}`,
          );
          await stands(trial, [valuesOf(trial.subject)[0]]);
        }),
    },
    {
      name: "a body that is cut, torn or has a bit turned is CORRUPT, never wrong data, and stays as it is",
      run: (context) =>
        tryEach(context, ["short", "torn", "bitflip"], async (trial) => {
          const { subject, name, target } = trial;
          if (!READS_BODIES.includes(trial.fault.method)) return fewer(trial);
          if (subject.name === "verify") {
            const report = await target.storage.verify(target.key);
            equal(
              report.problems.map(({ code }) => code),
              ["CORRUPT"],
              `${name}: the problems`,
            );
          } else if (subject.name === "repair") {
            equal((await target.storage.repair()).remaining.length, 1, `${name}: what remains`);
          } else {
            const error = await rejects("CORRUPT", name, () => subject.run(target));
            equal(error.key, target.key, `${name}: the key of the error`);
          }
          await stands(trial, [valuesOf(subject)[0]]);
        }),
    },
    {
      name: "an opening that fails leaves nothing open, and the next one finds everything",
      async run(context) {
        const item = await (await context.open()).save("k", 1);
        for (const fault of ["before", "after"] as const) {
          const adapter = faulty(context.backing.adapter(), { faults: [{ method: "open", fault: "before" }] });
          await rejects("UNAVAILABLE", "the opening", () => context.openRoot({ through: () => adapter }));
          const storage = await context.open({ through: () => adapter });
          equal(await storage.stat("k"), item, "the item");
          if (fault === "after") adapter.inject({ method: "close", fault });
        }
        await rejection("closing", () => context.close());
        equal(await (await context.open()).exists("k"), context.backing.persistent, "whether the item is there");
      },
    },
    ...faultStorms,
  ],
};

/** Every fault of those kinds at every call that each operation makes; fails when a fault did not come to pass. */
async function tryEach(
  context: Context,
  kinds: readonly FaultKind[],
  check: (trial: Trial) => Promise<void>,
  injected: "now" | "later" = "now",
): Promise<void> {
  const witness = await context.open({ settings: settingsFor(context) });
  const { storage, adapter } = await openFaulty(context);
  let trials = 0;
  for (const subject of subjectsOf(context)) {
    for (const { method, call } of await callsOf(context, subject, witness, storage, adapter)) {
      const possible: readonly FaultKind[] = faultsByMethod[method];
      for (const kind of possible.filter((each) => kinds.includes(each))) {
        const key = `k${trials++}.`;
        let earlier: unknown;
        const before = await prepare(context, witness, key, subject, async (older) => {
          earlier = await primed({ storage, key, standing: undefined, older }, subject);
        });
        const fault = { method, fault: kind, call } as Fault;
        const name = `${subject.name} with ${kind} at ${method} ${call}`;
        const met = adapter.log.length;
        if (injected === "now") adapter.inject(fault);
        await check({ subject, fault, name, adapter, witness, target: { storage, key, ...before }, earlier });
        adapter.heal();
        if (kind !== "stale" && kind !== "short" && kind !== "torn") {
          ok(adapter.log.length > met, `${name}: the fault came to pass`);
        }
        await witness.delete(key);
        await witness.delete(companionOf(key));
      }
    }
  }
  ok(trials > 0, "there is something to try");
}

async function openFaulty(context: Context): Promise<{ storage: StorageEngine; adapter: FaultyAdapter }> {
  let adapter: FaultyAdapter | undefined;
  const storage = await context.open({
    settings: { ...settingsFor(context), retry: { retries: 2, minDelay: 0 } },
    through(sound) {
      adapter = faulty(sound, { seed: context.seed });
      return adapter;
    },
  });
  return { storage, adapter: defined(adapter, "the adapter") };
}

/** The calls that an operation makes where all goes well. */
async function callsOf(
  context: Context,
  subject: Subject,
  witness: StorageEngine,
  storage: StorageEngine,
  adapter: FaultyAdapter,
): Promise<{ method: AdapterMethod; call: number }[]> {
  const key = "sound.";
  const before = await prepare(context, witness, key, subject);
  const start = adapter.calls.length;
  await subject.run({ storage, key, ...before });
  const methods = adapter.calls.slice(start).map(({ method }) => method);
  await witness.delete(key);
  await witness.delete(companionOf(key));
  return methods.map((method, index) => ({
    method,
    call: methods.slice(0, index + 1).filter((each) => each === method).length,
  }));
}

/** Asks what the operation will ask, so that there is an answer that can come again too late. */
async function primed(target: Target, subject: Subject): Promise<unknown> {
  if (subject.creates) return undefined;
  if (!isWrite(subject) && subject.name !== "sweep") return subject.run(target);
  await target.storage.load(target.key);
  await target.storage.stat(target.key);
  return undefined;
}

async function succeeds({ subject, name, target, witness }: Trial): Promise<void> {
  let answer: unknown;
  try {
    answer = await subject.run(target);
  } catch (error) {
    fail(`${name}: must not be seen, but rejected with ${show(error)}`);
  }
  equal(answer, await subject.answer(witness, target.key), `${name}: the answer`);
  equal(await witness.load(target.key), valuesOf(subject)[1], `${name}: the value that stands`);
}

async function comesOut({ subject, name, target }: Trial): Promise<void> {
  const error = await rejects("UNAVAILABLE", name, () => subject.run(target));
  equal(error.retryable, true, `${name}: retryable`);
}

/** A list that ends early cannot be told from a short one: what it holds is right all the same. */
async function fewer(trial: Trial): Promise<void> {
  const { subject, name, target, witness } = trial;
  if (isWrite(subject)) {
    // What it looks for may be what is left out: then nothing is written.
    await subject.run(target).catch((error: unknown) => {
      ok(StorageError.is(error, "NOT_FOUND"), `${name}: is done, or finds nothing, but rejected with ${show(error)}`);
    });
    return stands(trial, valuesOf(subject));
  }
  const [answer, whole] = [await subject.run(target), await subject.answer(witness, target.key)];
  if (!Array.isArray(answer) || !Array.isArray(whole)) return;
  for (const item of answer as unknown[]) {
    ok(
      whole.some((each) => difference(item, each) === undefined),
      `${name}: every item in the answer is right, not ${show(item)}`,
    );
  }
}

async function closesOverHangingCalls(context: Context): Promise<void> {
  const witness = await context.open({ settings: settingsFor(context) });
  const adapter = faulty(context.backing.adapter());
  // Not the case's to close in the end: it is closed here, with an error.
  const settings = { ...settingsFor(context), closeTimeout: 1, ports: { clock: context.clock } };
  const root = await openStorage(adapter, settings);
  const storage = viewOf(root, context.mode);
  const running: { name: string; promise: Promise<unknown> }[] = [];
  for (const subject of subjectsOf(context)) {
    const calls = await callsOf(context, subject, witness, storage, adapter);
    // A stream is read after its operation has ended: nothing is in flight then.
    const first = calls.find(({ method }) => !method.endsWith("readStream.next") && isHangable(method));
    if (first === undefined) continue;
    const key = `k${running.length}.`;
    const before = await prepare(context, witness, key, subject);
    const hung = adapter.log.length;
    adapter.inject({ ...first, fault: "hang" } as Fault);
    const promise = rejection(subject.name, () => subject.run({ storage, key, ...before }));
    running.push({ name: subject.name, promise });
    await until(() => adapter.log.length > hung);
  }
  const error = await rejection("close", () => root.close());
  ok(StorageError.is(error, "TIMEOUT"), `close is TIMEOUT, not ${show(error)}`);
  for (const { name, promise } of running) {
    const each = await promise;
    ok(StorageError.is(each, "CLOSED"), `${name} rejects CLOSED, not ${show(each)}`);
    const [operation = name] = name.split(" ");
    ok(error.message.includes(operation), `the message names ${operation}: ${error.message}`);
  }
}

function isHangable(method: AdapterMethod): boolean {
  const possible: readonly FaultKind[] = faultsByMethod[method];
  return possible.includes("hang");
}
