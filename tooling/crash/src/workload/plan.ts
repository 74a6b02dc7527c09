import { SeededRandom } from "@holdfast/conformance";

/** What one step of a writer does. Values are small descriptions from which both sides make the same bytes. */
export type Step =
  | { readonly do: "save"; readonly key: string; readonly value: Value }
  | { readonly do: "delete"; readonly key: string }
  /** All or nothing. */
  | {
      readonly do: "batch";
      readonly saves: readonly { key: string; value: Value }[];
      readonly deletes: readonly string[];
    }
  | { readonly do: "flush" };

export type Value =
  | { readonly format: "json" | "yaml"; readonly mark: string; readonly length: number }
  | { readonly format: "binary"; readonly mark: string; readonly length: number }
  /** Written as a stream. */
  | { readonly format: "stream"; readonly mark: string; readonly length: number };

export interface PlanOptions {
  readonly seed: number;
  /** Runs of one store follow each other: each goes on with values of its own. */
  readonly round: number;
  /** Writers share no key, and each awaits one step before the next; so what may stand under a key is known at any instant. */
  readonly writer: number;
  readonly steps: number;
  /** How many keys it writes under: the fewer, the more is overwritten. Default: all there are. */
  readonly keys?: number | undefined;
}

const NAMES = ["plain", "deep/er/down", "with space", "ünï", "x.meta", "CON", "trailing.", "Case", "case", "photo.png"];

/** The steps of one writer. The same options give the same steps. */
export function planOf({ seed, round, writer, steps, keys: most = NAMES.length }: PlanOptions): Step[] {
  const random = new SeededRandom(seed ^ Math.imul(round + 1, 0x9e3779b1) ^ Math.imul(writer + 1, 0x85ebca6b));
  const keys = NAMES.slice(0, most).map((name) => `w${writer}/${name}`);
  let count = 0;
  const value = (): Value => {
    const mark = `${round}.${writer}.${count++}`;
    const choice = random.fraction();
    if (choice < 0.55) return { format: random.pick(["json", "yaml"] as const), mark, length: random.below(2_000) };
    if (choice < 0.85) return { format: "binary", mark, length: random.below(4_000) };
    // Beyond 64 KiB, bodies may go another way than small ones.
    if (choice < 0.97) return { format: "binary", mark, length: 65_000 + random.below(120_000) };
    return { format: "stream", mark, length: random.below(2_500_000) };
  };
  const latest = new Map<string, Value>();
  return Array.from({ length: steps }, (): Step => {
    const choice = random.fraction();
    if (choice < 0.7) {
      const key = random.pick(keys);
      // Now and then the same bytes, which are a new version nevertheless: of large ones there is but one file.
      const before = latest.get(key);
      const isAgain = before !== undefined && choice < (before.length > 65_536 ? 0.4 : 0.05);
      const saved = isAgain ? before : value();
      latest.set(key, saved);
      return { do: "save", key, value: saved };
    }
    if (choice < 0.85) return { do: "delete", key: random.pick(keys) };
    if (choice < 0.97) {
      const three = shuffled(keys, random).slice(0, 3);
      const deletes = three.slice(0, random.below(2));
      return {
        do: "batch",
        saves: three.slice(deletes.length).map((key) => ({ key, value: small(value()) })),
        deletes,
      };
    }
    return { do: "flush" };
  });
}

/** A stream is no part of a batch. */
function small(value: Value): Value {
  return value.format === "stream" ? { ...value, format: "binary", length: value.length % 4_000 } : value;
}

function shuffled<T>(values: readonly T[], random: SeededRandom): T[] {
  return values
    .map((each) => ({ each, at: random.fraction() }))
    .sort((a, b) => a.at - b.at)
    .map(({ each }) => each);
}
