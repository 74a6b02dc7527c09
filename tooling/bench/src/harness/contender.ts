/** What an acknowledged write survives: a loss of power, a crash of the process, neither. */
export type Durability = "media" | "process" | "memory";

/** `ours`: Holdfast. `limit`: the raw engine by hand, that the target names. `beside`: for comparison. */
type Role = "ours" | "limit" | "beside";

export interface ContenderFacts {
  /** Names the contender in targets and in results. */
  readonly id: string;
  /** As the page shows it. */
  readonly name: string;
  readonly role: Role;
  /** By what its code does, not by what its manual says; undefined where nothing is written. */
  readonly durability?: Durability;
  /** How it was set up, and why it has that durability. */
  readonly note: string;
}

type Round = () => Outcome | Promise<Outcome>;
type Outcome = number | { readonly results: number; readonly milliseconds: number };

/** One implementation of a workload, opened on its own fresh or shared store. */
export interface Contender<Input> extends ContenderFacts {
  /**
   * Makes one round ready, untimed, and returns what is timed. That must return how many results it had, so that a contender
   * which fails in silence is found out; in another process, with the time that it took there.
   */
  prepare(input: Input): Round | Promise<Round>;
  /** After each round, untimed: ends what still goes on in the background, so that it is not done in others' time. */
  settle?(): Promise<void>;
  close(): void | Promise<void>;
}
