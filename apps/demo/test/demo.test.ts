import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readCorpus } from "../src/corpus.ts";

const dist = (name: string) => join(import.meta.dirname, "../dist", name);

let temporary: string;
beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), "holdfast-demo-test-"));
});
afterEach(() => rm(temporary, { recursive: true, force: true }));

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the demo, or a module that does, in a process of its own. */
function run(...args: string[]): Promise<Outcome> {
  return runWith({}, ...args);
}

async function runWith(variables: Readonly<Record<string, string>>, ...args: string[]): Promise<Outcome> {
  const env = { ...process.env, TMPDIR: temporary, TEMP: temporary, TMP: temporary, ...variables };
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  const [code] = (await once(child, "close")) as [number];
  return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}

const nearDemo = fileURLToPath(import.meta.resolve("./support/near-demo.ts"));

/** The rows of the table at the end: step, items, bytes, seconds, items/s, verified. */
function resultRows(stdout: string): string[][] {
  const lines = stdout.split("\n");
  const rule = lines.findLastIndex((line) => /^─+( {2}─+){5}$/.test(line));
  const end = lines.indexOf("", rule);
  return lines.slice(rule + 1, end < 0 ? undefined : end).map((line) => line.split(/ {2,}/));
}

describe("the demo, as anybody runs it", () => {
  let outcome: Outcome;
  let left: string[];
  beforeAll(async () => {
    const home = await mkdtemp(join(tmpdir(), "holdfast-demo-test-"));
    outcome = await runWith({ TMPDIR: home, TEMP: home, TMP: home }, dist("index.js"));
    left = await readdir(home);
    await rm(home, { recursive: true });
    // It ends what hangs, and says nothing about how long a browser and a server may take on a busy machine.
  }, 300_000);

  it("brings the whole corpus along the whole route, and proves it", async () => {
    const corpus = await readCorpus();
    const total = String(corpus.flatMap(({ items }) => items).length);
    const { code, stdout, stderr } = outcome;
    expect(stderr).toBe("");
    expect(code).toBe(0);
    const rows = resultRows(stdout);
    expect(rows.map(([step, items, , , , verified]) => [step, items, verified])).toEqual([
      ...corpus.map(({ name, items }) => [`import ${name}`, String(items.length), String(items.length)]),
      ["migrate SQLite → readable files", total, total],
      ["migrate readable files → memory", total, total],
      ["migrate memory → IndexedDB in a browser", total, total],
      ["migrate IndexedDB in a browser → second SQLite", total, total],
      ["migrate second SQLite → embedded Supabase", total, total],
      ["migrate embedded Supabase → third SQLite", total, total],
      ["compare the end with the source", total, total],
    ]);
    for (const [, , bytes = "", seconds = "", rate = ""] of rows) {
      expect(bytes).toMatch(/^[\d.]+ [kM]B$/);
      expect(Number(seconds)).toBeGreaterThan(0);
      expect(Number(rate.replaceAll(",", ""))).toBeGreaterThan(0);
    }
    expect(stdout).toContain("\nEverything arrived whole, in ");
  });

  it("answers each question with hits, in lines that suit a log, and leaves nothing behind", async () => {
    const countries = (await readCorpus())[0]?.items ?? [];
    const africa = countries.filter(({ tags }) => tags.includes("Africa") && tags.includes("landlocked"));
    const large = countries.filter(({ metadata }) => Number(metadata["area"] ?? 0) > 2_000_000);
    const { stdout } = outcome;
    expect(stdout).toContain(`search({ tags: ["Africa", "landlocked"] }): ${africa.length} hits`);
    expect(stdout).toContain(`sort: "-metadata.area" }): ${large.length} hits`);
    expect(stdout).toMatch(/countries\/png {2}Papua New Guinea {3}Port Moresby {2}Oceania {5}462,840\n/);
    expect(stdout).toMatch(/Antarctic {2}14,000,000\n/);
    expect(stdout).toMatch(/^verify: 750 items, .* in .*$/m);
    expect(stdout).toContain("1,500 files, an item and its companion each");
    expect(stdout).toMatch(/^ {4}"key": "countries\/fra",$/m);
    expect(stdout).not.toMatch(/[^\P{Cc}\n]/u);
    expect(left).toEqual([]);
  });
});

describe("the demo", () => {
  it("goes on without a browser where none can be had, and says so", async () => {
    const { code, stdout } = await runWith({ HOLDFAST_BROWSER: join(temporary, "nowhere") }, nearDemo);
    expect(stdout).toMatch(/^IndexedDB in a browser is left out: HOLDFAST_BROWSER is .*nowhere is none of them\n/);
    expect(code).toBe(0);
    expect(resultRows(stdout).map(([step]) => step)).toContain("migrate memory → second SQLite");
  });

  it("fails when something does not arrive as it was", async () => {
    const { code, stdout } = await run(fileURLToPath(import.meta.resolve("./support/damaged-demo.ts")));
    expect(code).toBe(1);
    const rows = resultRows(stdout);
    expect(rows.find(([step]) => step === "migrate SQLite → damaging")?.[5]).toBe("749 MISSING");
    expect(rows.find(([step]) => step?.startsWith("compare"))?.[5]).toBe("749 MISSING");
    expect(stdout).toContain("Not everything arrived");
    expect(await readdir(temporary)).toEqual([]);
  });

  it("says so when Node is too old", async () => {
    const posing = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } })`;
    const { code, stdout, stderr } = await run(
      "--import",
      `data:text/javascript,${encodeURIComponent(posing)}`,
      dist("index.js"),
    );
    expect({ code, stdout }).toEqual({ code: 11, stdout: "" });
    expect(stderr).toMatch(/^demo: Node 20\.20\.2 is too old, 22 or newer is needed/);
  });
});

describe("the corpus", () => {
  it("has a document, a flag and borders of every country", async () => {
    const corpus = await readCorpus();
    expect(corpus.map(({ items }) => items.length)).toEqual([250, 250, 250]);
    const keys = corpus.flatMap(({ items }) => items.map(({ key }) => key));
    expect(new Set(keys).size).toBe(750);
    expect(keys).toEqual(expect.arrayContaining(["countries/fra", "flags/fra.svg", "borders/fra.geo.json"]));
    expect(corpus[0]?.items.find(({ key }) => key === "countries/fra")).toMatchObject({
      tags: ["Europe", "Western Europe", "French", "independent", "UN member"],
      metadata: { name: "France", capital: ["Paris"], region: "Europe", area: 551695 },
    });
  });
});
