import { parseArgs } from "node:util";
import { endure } from "./endurance.ts";
import { tryPair } from "./pairs.ts";
import { measureRates, rateKinds } from "./rate.ts";
import { browserKind, cloudKind, type Kind, nodeKinds } from "./stores.ts";

const HELP = `pnpm migration [pairs | rate | endurance]

  pairs        every ordered pair of adapters with bodies up to 64 MiB; --largest BYTES, --from KIND, --to KIND
  rate         the copy phase against the slower side by hand; --items COUNT (100000), --from KIND, --to KIND
  endurance    1,000,000 small items and one body of 4 GiB in flat memory; --items COUNT, --bytes BYTES`;

const MiB = 2 ** 20;
const GiB = 2 ** 30;
/** Above it memory is not flat any more: 32 bytes for each item, and what is in flight. */
const MOST_HELD = 96 * MiB;
const LEAST_SHARE = 0.7;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    largest: { type: "string", default: String(64 * MiB) },
    items: { type: "string" },
    bytes: { type: "string", default: String(4 * GiB) },
    from: { type: "string" },
    to: { type: "string" },
  },
});

const work: Readonly<Record<string, () => Promise<boolean>>> = { pairs, rate, endurance };
const chosen = work[positionals[0] ?? ""];
if (chosen === undefined) {
  console.log(HELP);
  process.exitCode = 2;
} else if (!(await chosen())) process.exitCode = 1;

async function pairs(): Promise<boolean> {
  let ok = true;
  const kinds = [...nodeKinds, browserKind, cloudKind];
  for (const from of named(kinds, values.from)) {
    for (const to of named(kinds, values.to)) {
      const { report, differences } = await tryPair(from, to, { largest: Number(values.largest), keys: "all" });
      const good = report.ok && differences.length === 0;
      ok &&= good;
      console.log(
        `${good ? "ok  " : "FAIL"} ${from.name} → ${to.name}: ${report.verified} items, ${differences.length} differences`,
      );
      for (const line of [...differences.slice(0, 10), ...report.failures.slice(0, 10)]) console.log("    ", line);
    }
  }
  return ok;
}

/** The one of that name; all without one. */
function named(kinds: readonly Kind[], name: string | undefined): readonly Kind[] {
  const chosen = kinds.filter((kind) => name === undefined || kind.name === name);
  if (chosen.length === 0) throw new Error(`there is no kind ${name}: ${kinds.map((kind) => kind.name).join(", ")}`);
  return chosen;
}

async function rate(): Promise<boolean> {
  let ok = true;
  const kinds = Object.keys(rateKinds);
  for (const from of values.from === undefined ? kinds : [values.from]) {
    for (const to of values.to === undefined ? kinds : [values.to]) {
      const { read, write, copy, share } = await measureRates(from, to, Number(values.items ?? 100_000));
      ok &&= share >= LEAST_SHARE;
      const [r, w, c] = [read, write, copy].map((each) => Math.round(each).toLocaleString("en"));
      console.log(
        `${from} → ${to}: read ${r}/s, write ${w}/s by hand; copy ${c}/s, ${Math.round(share * 100)} % of the slower`,
      );
    }
  }
  return ok;
}

async function endurance(): Promise<boolean> {
  const runs = [
    { items: Number(values.items ?? 1_000_000), bytes: 256 },
    { items: 2, bytes: Number(values.bytes) },
  ];
  let ok = true;
  for (const { items, bytes } of runs) {
    const { report, most } = await endure(items, bytes, 40);
    ok &&= report.ok && report.verified === items && most <= MOST_HELD;
    const [count, size] = [items, bytes].map((each) => each.toLocaleString("en"));
    console.log(
      `${count} items of ${size} bytes: ${report.verified} verified in ${report.milliseconds} ms, at most ${(most / MiB).toFixed(1)} MiB held`,
    );
  }
  return ok;
}
