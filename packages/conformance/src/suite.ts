import type { Capabilities } from "@holdfast/core";
import type { Context } from "./context.js";
import type { Backing } from "./harness.js";

/**
 * One promise, as a sentence, and the code that fails when it is broken. Cases are independent: each has a store of its own.
 * A case that `needs` something tells as well what must hold where that is missing, so that no case is ever skipped.
 */
export type Case = UnconditionalCase | ConditionalCase;

/** A promise of every adapter. */
export interface UnconditionalCase {
  readonly name: string;
  readonly run: Check;
  /** Set for cases about size or the adapter alone: they run in the first mode only, since another would prove nothing new. */
  readonly once?: true;
  readonly needs?: undefined;
}

/** A promise of those adapters that offer something. */
export interface ConditionalCase extends Omit<UnconditionalCase, "needs"> {
  /** Of several, the first that is not met is the one that is named. */
  readonly needs: Need | readonly Need[];
  /** What holds instead where the need is not met, such as the refusal. */
  readonly otherwise: Check;
}

/** Resolves when the promise holds; throws when it is broken. */
export type Check = (context: Context) => Promise<void>;

/** Something that an adapter may or may not offer. */
export interface Need {
  /** Shown where the need is not met. */
  readonly name: string;
  readonly metBy: (capabilities: Capabilities, backing: Backing) => boolean;
}

/** Cases about one subject. */
export interface Theme {
  readonly name: string;
  readonly cases: readonly Case[];
}

/** Everything that a case needs, in order. */
export function needsOf({ needs = [] }: Case): readonly Need[] {
  return "metBy" in needs ? [needs] : needs;
}

export const atomicBatches: Need = {
  name: "atomic batches",
  metBy: ({ batch }) => batch === "atomic",
};

export const batching: Need = {
  name: "batches",
  metBy: ({ batch }) => batch !== "none",
};

export const racingWriters: Need = {
  name: "compare-and-set between adapters",
  metBy: ({ compareAndSet }) => compareAndSet !== "none",
};

export const watching: Need = {
  name: "watch",
  metBy: ({ watch }) => watch !== "none",
};

export const feeding: Need = {
  name: "a change feed",
  metBy: ({ changes }) => changes === "native",
};

/** A feed that grows old: the harness can make it forget. */
export const forgettingFeed: Need = {
  name: "a change feed that forgets",
  metBy: ({ changes }, { forgetFeed }) => changes === "native" && forgetFeed !== undefined,
};

export const keepingVersions: Need = {
  name: "history",
  metBy: ({ history }) => history === "native",
};

export const nativeQueries: Need = {
  name: "native queries",
  metBy: ({ query }) => query === "native",
};

export const boundedStreams: Need = {
  name: "streams in bounded memory",
  metBy: ({ streams }) => streams === "bounded",
};

export const persistence: Need = {
  name: "a store that outlives its adapters",
  metBy: (_, { persistent }) => persistent,
};

export function bothOf(one: Need, other: Need): Need {
  return {
    name: `${one.name} and ${other.name}`,
    metBy: (...given) => one.metBy(...given) && other.metBy(...given),
  };
}
