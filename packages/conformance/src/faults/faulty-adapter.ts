import { type Awaitable, describeValue, type StorageAdapter, StorageError } from "@holdfast/core";
import { freshSeed, SeededRandom } from "../simulation/seeded.js";
import { damaged } from "./damage.js";
import { type Fault, type FaultKind, faultsByMethod, type InjectedFault } from "./fault.js";
import { type AdapterCall, type AdapterMethod, intercept } from "./intercept.js";

/** Which faults an adapter brings. */
export interface FaultPlan {
  readonly faults?: readonly Fault[] | undefined;
  /** Decides which calls a probable fault meets, and which bits are turned. Default: another for each adapter. */
  readonly seed?: number | undefined;
}

/** An adapter that fails as it is told to, and otherwise does what the one below it does. */
export interface FaultyAdapter extends StorageAdapter {
  /** Brings the same faults again when the same calls are made. */
  readonly seed: number;
  /** The faults that came to pass, in order. One that found nothing to damage is not among them. */
  readonly log: readonly InjectedFault[];
  /** Every call that was made, in order. */
  readonly calls: readonly AdapterCall[];
  /** Adds faults, which count calls from now on. */
  inject(...faults: readonly Fault[]): void;
  /** Drops every fault that has not come to pass. Calls that hang go on hanging. */
  heal(): void;
}

/**
 * Wraps any adapter, so that calls of it fail by plan or by seeded chance.
 *
 * @throws INVALID_OPTION for a fault that its method cannot have
 * @example
 * const adapter = faulty(memory(), { faults: [{ method: "put", fault: "after" }] });
 * const storage = await openStorage(adapter);
 * await storage.save("k", 1); // its first answer is lost; the save is made once all the same
 */
export function faulty(adapter: StorageAdapter, plan: FaultPlan = {}): FaultyAdapter {
  const injector = new Injector(plan);
  const intercepted = intercept(adapter, (call, work) => injector.around(call, work));
  return Object.assign(intercepted, {
    seed: injector.seed,
    log: injector.log,
    calls: injector.calls,
    inject: (...faults: readonly Fault[]) => injector.inject(faults),
    heal: () => injector.heal(),
  });
}

interface Planned {
  readonly fault: Fault;
  /** Calls that it could have met, so far. */
  seen: number;
}

class Injector {
  readonly seed: number;
  readonly log: InjectedFault[] = [];
  readonly calls: AdapterCall[] = [];
  readonly #random: SeededRandom;
  readonly #counts = new Map<AdapterMethod, number>();
  /** The last answer to each question, for those that may come again too late. */
  readonly #answers = new Map<string, unknown>();
  #planned: Planned[] = [];
  #closed: PromiseWithResolvers<never> = neverResolving();

  constructor({ faults = [], seed = freshSeed() }: FaultPlan) {
    this.seed = seed;
    this.#random = new SeededRandom(seed);
    this.inject(faults);
  }

  inject(faults: readonly Fault[]): void {
    for (const fault of faults) {
      const possible: readonly FaultKind[] = faultsByMethod[fault.method] ?? [];
      if (!possible.includes(fault.fault)) {
        throw new StorageError("INVALID_OPTION", `${fault.method} has no fault ${describeValue(fault.fault)}`);
      }
      this.#planned.push({ fault, seen: 0 });
    }
  }

  heal(): void {
    this.#planned = [];
  }

  async around<R>(call: AdapterCall, work: () => Awaitable<R>): Promise<R> {
    this.calls.push(call);
    const count = (this.#counts.get(call.method) ?? 0) + 1;
    this.#counts.set(call.method, count);
    if (call.method === "open") this.#closed = neverResolving();
    if (call.method === "close") this.#closed.reject(lost("the adapter was closed"));
    const fault = this.#next(call);
    if (fault === undefined) return this.#remembered(call, await work());
    const injected = () => {
      this.log.push({ method: call.method, fault: fault.fault, key: call.key, call: count });
    };
    switch (fault.fault) {
      case "before":
        injected();
        throw thrownBy(fault);
      case "after":
        await work();
        injected();
        throw thrownBy(fault);
      case "hang":
        injected();
        return this.#hang(call.signal);
      case "duplicate":
        await work();
        injected();
        return work();
      default: {
        const answer = await work();
        const wrong = damaged(fault.fault, answer, this.#answers.get(call.question), this.#random);
        if (wrong === undefined) return this.#remembered(call, answer);
        injected();
        // Damage keeps the type of the answer.
        return wrong as R;
      }
    }
  }

  #next({ method, key }: AdapterCall): Fault | undefined {
    let met: Fault | undefined;
    for (const planned of this.#planned) {
      const { fault } = planned;
      if (fault.method !== method || (fault.key !== undefined && fault.key !== key)) continue;
      planned.seen++;
      const first = fault.call ?? 1;
      const times = fault.times ?? (fault.probability === undefined ? 1 : Number.POSITIVE_INFINITY);
      const due = planned.seen >= first && planned.seen < first + times;
      if (due && met === undefined && this.#random.fraction() < (fault.probability ?? 1)) met = fault;
    }
    return met;
  }

  #remembered<R>(call: AdapterCall, answer: R): R {
    const possible: readonly FaultKind[] = faultsByMethod[call.method];
    if (possible.includes("stale")) this.#answers.set(call.question, structuredClone(answer));
    return answer;
  }

  async #hang(signal: AbortSignal | undefined): Promise<never> {
    const given = neverResolving();
    const onAbort = () => given.reject(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return await Promise.race([given.promise, this.#closed.promise]);
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }
}

function thrownBy({ error }: Fault): unknown {
  return error ?? lost("the connection was lost");
}

function lost(message: string): StorageError {
  return new StorageError("UNAVAILABLE", message);
}

/** Its rejection is nobody's fault when nothing waits for it. */
function neverResolving(): PromiseWithResolvers<never> {
  const made = Promise.withResolvers<never>();
  made.promise.catch(() => undefined);
  return made;
}
