import fc from "fast-check";

/** One step of a generated run. Keys are few, so that steps meet. */
export type Command =
  | {
      readonly do: "save";
      readonly key: string;
      readonly value: number;
      readonly tag: boolean;
      readonly lives?: number | undefined;
      readonly only: Only;
      readonly stream: boolean;
    }
  | { readonly do: "update"; readonly key: string; readonly value: number }
  | { readonly do: "delete"; readonly key: string; readonly only: Only }
  | {
      readonly do: "batch";
      readonly saves: readonly string[];
      readonly deletes: readonly string[];
      readonly value: number;
      readonly only: Only;
    }
  | { readonly do: "load" | "stat"; readonly key: string }
  | { readonly do: "list"; readonly prefix: string; readonly after?: string | undefined; readonly limit: number }
  | { readonly do: "search"; readonly prefix: string; readonly tagged: boolean }
  | { readonly do: "history"; readonly key: string }
  /** `nth`: 0 is the version that stands, 1 the one before it, and so on. */
  | { readonly do: "loadVersion"; readonly key: string; readonly nth: number }
  | { readonly do: "restore"; readonly key: string; readonly nth: number; readonly only: Only }
  /** Everything that the feed tells since it was asked last. */
  | { readonly do: "changes" }
  | { readonly do: "pass"; readonly milliseconds: number }
  | { readonly do: "sweep" | "reopen" };

/** The precondition: none, that nothing stands, the version that stands, or one that stood before. */
export type Only = "any" | "absent" | "current" | "outdated";

export const modelKeys: readonly string[] = ["a", "a/b", "a_b", "b", "\uff5e", "\u{1f600}"];

const key = fc.constantFrom(...modelKeys);
const value = fc.integer({ min: 0, max: 99 });
const only = fc.constantFrom<Only>("any", "any", "absent", "current", "outdated");
const prefix = fc.constantFrom("", "a", "a/", "a_", "%");

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("save" as const),
      key,
      value,
      tag: fc.boolean(),
      lives: fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined, freq: 2 }),
      only,
      stream: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("update" as const), key, value }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("delete" as const), key, only }) },
  {
    weight: 2,
    arbitrary: fc
      .record({
        do: fc.constant("batch" as const),
        keys: fc.uniqueArray(key, { minLength: 1 }),
        cut: fc.nat(4),
        value,
        only,
      })
      .map(({ keys, cut, ...rest }) => ({ ...rest, saves: keys.slice(cut), deletes: keys.slice(0, cut) })),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("load" as const, "stat" as const), key }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("list" as const),
      prefix,
      after: fc.option(key, { nil: undefined }),
      limit: fc.integer({ min: 0, max: 5 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("search" as const), prefix, tagged: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("history" as const), key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("loadVersion" as const), key, nth: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("restore" as const), key, nth: fc.nat(3), only }) },
  { weight: 2, arbitrary: fc.constant({ do: "changes" as const }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("pass" as const), milliseconds: fc.integer({ min: -3, max: 12 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("sweep" as const, "sweep" as const, "reopen" as const) }) },
);

/** What one client does, and for how many milliseconds its storage keeps what was replaced. */
export interface SingleClient {
  readonly steps: readonly Command[];
  readonly age: number | undefined;
}

export const singleClients: fc.Arbitrary<SingleClient> = fc.record({
  steps: fc.array(command, { maxLength: 50, size: "max" }),
  age: fc.constantFrom(undefined, 15),
});
