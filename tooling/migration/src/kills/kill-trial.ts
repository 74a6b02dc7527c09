import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compareStores, createMigrator, type MigrationReport } from "@holdfast/core";
import { type Ended, type Moment, runProcess } from "./run-process.ts";
import { openStores, type Side, type Stores, type Variant } from "./stores.ts";

export const ITEMS = 150;
const SIDES: readonly Side[] = ["destination", "backup", "journal"];

export interface AfterKill {
  /** False: it came to its end before. */
  readonly killed: boolean;
  /** Items that were as they should be when the next run began. */
  readonly arrived: number;
  /** Of the next run, which went to its end. */
  readonly report: MigrationReport;
  /** Items that it wrote into the destination. */
  readonly sent: number;
  /** What it left on each side. */
  readonly left: Left;
}

export type Left = Readonly<Record<string, readonly string[]>>;

/** Stores before a migration, and what an uninterrupted one makes of them. */
export class KillTrial implements AsyncDisposable {
  readonly #folder: string;
  readonly #variant: Variant;
  readonly uninterrupted: Ended;
  readonly left: Left;
  #tries = 0;

  private constructor(folder: string, variant: Variant, uninterrupted: Ended, left: Left) {
    this.#folder = folder;
    this.#variant = variant;
    this.uninterrupted = uninterrupted;
    this.left = left;
  }

  static async prepare(variant: Variant): Promise<KillTrial> {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-kill-"));
    const [fresh, whole] = [join(folder, "fresh"), join(folder, "whole")];
    await mkdir(fresh);
    await fill(fresh, variant);
    await cp(fresh, whole, { recursive: true });
    const uninterrupted = await runProcess(whole, variant);
    await using stores = await openStores(whole, variant);
    return new KillTrial(folder, variant, uninterrupted, await leftIn(stores, variant));
  }

  /** Kills a migration at that moment, and lets the next run go to its end. */
  async kill(moment: Moment): Promise<AfterKill> {
    const folder = join(this.#folder, String(++this.#tries));
    await cp(join(this.#folder, "fresh"), folder, { recursive: true });
    try {
      const { killed } = await runProcess(folder, this.#variant, moment);
      await using stores = await openStores(folder, this.#variant);
      const { source, destination } = stores;
      const arrived = await countEqual(stores);
      const before = new Set((await destination.list()).map((item) => JSON.stringify(item)));
      const report = await createMigrator(source, destination).migrate(stores.options);
      // Whatever is written gets another version.
      const sent = (await destination.list()).filter((item) => !before.has(JSON.stringify(item))).length;
      return { killed, arrived, report, sent, left: await leftIn(stores, this.#variant) };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }
}

const keyOf = (index: number) => `k/${String(index).padStart(3, "0")}`;

async function fill(folder: string, variant: Variant): Promise<void> {
  await using stores = await openStores(folder, variant);
  const { source, destination } = stores;
  const save = async (index: number) => {
    const size = index === 7 ? 1_200_000 : index * 10;
    const options = { tags: [`t${index % 3}`], metadata: { index } };
    await source.save(keyOf(index), { index, text: "x".repeat(size) }, options);
  };
  await Promise.all(Array.from({ length: ITEMS }, (_, index) => save(index)));
  if (variant === "empty") return;
  for (let index = 0; index < ITEMS; index += 5) await destination.save(keyOf(index), `the destination's ${index}`);
}

async function countEqual({ source, destination }: Stores): Promise<number> {
  let equal = 0;
  for await (const { result } of compareStores(source, destination)) if (result === "equal") equal++;
  return equal;
}

/** What a reader finds on each side, and that its bytes are whole. Versions that were given anew are each run's own. */
async function leftIn(stores: Stores, variant: Variant): Promise<Left> {
  const left: Record<string, string[]> = {};
  for (const side of SIDES) {
    const given = variant === "overwrite" && side === "destination";
    const items = await stores[side].list();
    left[side] = items.map(({ version, ...item }) => JSON.stringify(given ? item : { version, ...item }));
    const { problems } = await stores[side].verify();
    left[side].push(...problems.map((problem) => JSON.stringify(problem)));
  }
  return left;
}
