import type { MeasuredAnew, Results, WorkloadResult } from "../harness/results.ts";
import { ratios, type Spread, spreadOf } from "../harness/statistics.ts";
import type { Target } from "../targets.ts";
import { formatRate, formatRatio, formatTime } from "./format.ts";
import { LIMITS } from "./limits.ts";
import { ratioPlot, timePlot } from "./plots.ts";
import { judge, type Verdict } from "./verdicts.ts";

/** Every generated file of the report, by its path in docs: the page, a plot of the targets and one of each workload. */
export function reportFiles(results: Results, targets: readonly Target[]): Map<string, string> {
  const verdicts = judge(results, targets);
  const plots = results.workloads.map((workload): [string, string] => [
    `benchmarks/${workload.id}.svg`,
    timePlot(workload),
  ]);
  return new Map([
    ["benchmarks.md", page(results, verdicts, targets)],
    ["benchmarks/targets.svg", ratioPlot(verdicts)],
    ...plots,
  ]);
}

function page(results: Results, verdicts: readonly Verdict[], targets: readonly Target[]): string {
  return `${[
    "# Benchmarks",
    "<!-- Generated from benchmarks/results.json by tooling/bench; changes made here are lost. -->",
    introduction(results),
    "## Targets",
    targetTable(verdicts),
    ...notMeasured(results, targets),
    "![Time against the limit, with the target of each row](benchmarks/targets.svg)",
    ...results.workloads.flatMap(workloadSection),
    LIMITS,
    METHOD,
    machineSection(results),
  ].join("\n\n")}\n`;
}

function introduction({ date, machine, workloads }: Results): string {
  const anew = workloads.some((each) => each.anew !== undefined);
  const runs = anew
    ? "Contenders of one workload come from one run of `pnpm bench`, and all workloads from the same one but those that say so below"
    : "All figures come from one run of `pnpm bench`";
  return `Holdfast beside raw engines by hand and beside other storage libraries, measured on ${date} with Node ${machine.node} on ${machine.processor}, ${machine.cores} cores, ${machine.filesystem}, where an fsync takes ${machine.fsyncMicroseconds} µs.
${busy(machine.loadBefore)}${runs}; how it measures, and what is fair about it, stands [below](#method).`;
}

/** A machine that has other work too stretches times, and most those of contenders that collect garbage on other threads. */
function busy(load: number): string {
  if (load < 0.5) return "";
  return `Other programs were at work meanwhile (load ${load}): times and ratios are worse than on an idle machine. `;
}

/** Of the targets whose workload is not among the results. */
function notMeasured({ workloads, leftOut }: Results, targets: readonly Target[]): string[] {
  const missing = targets.filter(({ workload }) => !workloads.some(({ id }) => id === workload));
  if (missing.length === 0) return [];
  const ids = [...new Set(missing.map(({ workload }) => workload))];
  const told = ids.map((id) => `\`${id}\`${leftOut?.[id] === undefined ? "" : ` (${leftOut[id]})`}`);
  return [`Not measured in this run: ${told.join(", ")}.`];
}

function targetTable(verdicts: readonly Verdict[]): string {
  return table(
    ["work", "limit", "target", "measured (middle half)", "met"],
    verdicts.map(({ target, workload, limit, ratio, met }) => [
      `[${workload.title}](#${anchor(workload.title)})`,
      limit.name,
      `≤ ${formatRatio(target.most)}`,
      spread(ratio, formatRatio),
      met ? "yes" : "**no**",
    ]),
  );
}

function workloadSection(workload: WorkloadResult): string[] {
  const { id, title, description, unit, operations, warmups, contenders, anew } = workload;
  const rounds = contenders[0]?.microseconds.length ?? 0;
  return [
    `## ${title}`,
    `${description} ${rounds} rounds of ${operations} after ${warmups} to warm up.${measuredAnew(anew)}`,
    contenderTable(workload),
    `![Time for one ${unit}](benchmarks/${id}.svg)`,
    contenders.map(({ name, note }) => `- *${name}*: ${note}.`).join("\n"),
  ];
}

function measuredAnew(anew: MeasuredAnew | undefined): string {
  if (anew === undefined) return "";
  const { date, fsyncMicroseconds, loadBefore } = anew;
  return ` Measured by itself on ${date}, when an fsync took ${fsyncMicroseconds} µs (load ${loadBefore}).`;
}

function contenderTable({ unit, contenders }: WorkloadResult): string {
  const limit = contenders.find(({ role }) => role === "limit");
  const durable = contenders.some(({ durability }) => durability !== undefined);
  return table(
    ["", `time for one ${unit} (middle half)`, "in a second", "against the limit", ...(durable ? ["survives"] : [])],
    contenders.map(({ name, role, durability, microseconds }) => {
      const time = spreadOf(microseconds);
      return [
        role === "ours" ? `**${name}**` : name,
        spread(time, formatTime),
        formatRate(1_000_000 / time.median),
        limit === undefined ? "" : formatRatio(spreadOf(ratios(microseconds, limit.microseconds)).median),
        ...(durable ? [SURVIVES[durability ?? "memory"]] : []),
      ];
    }),
  );
}

const SURVIVES = {
  media: "loss of power (media)",
  process: "crash of the process (process)",
  memory: "nothing (memory)",
};

function spread({ low, median, high }: Spread, format: (value: number) => string): string {
  return `${format(median)} (${format(low)} to ${format(high)})`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** As Markdown renderers make it of a heading. */
function anchor(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} -]/gu, "")
    .replaceAll(" ", "-");
}

const METHOD = `## Method

**One process per workload, all contenders in it.** Each round gives every contender the same input, and the order turns from
round to round. What disturbs the machine for a while hits neighbours alike. Garbage is collected before each timing, outside
of it. The first rounds, in which code is compiled and caches fill, are not counted.

**Medians, and ratios by round.** A figure is the median of the rounds, with the middle half of them in brackets. A ratio is
taken within each round, and the median of those is shown: it moves less than the machine does.

**The limit is the raw engine by hand**: prepared statements of better-sqlite3 on the very tables, indexes and settings of a
Holdfast store, whose file is made by Holdfast itself, with search index, tags and feed kept by each save. It is given what
core computes (terms, checksum, version), validates nothing, and runs synchronously. When it reads, it gives the same answer:
a load is verified and parsed, rows become items with parsed tags and metadata. What the same statement costs without that
stands beside it, and a plain key-value table shows what the indexes cost. A statement by hand knows the tricks: better-sqlite3's
SQLite plans a statement anew on each call when a bound value bounds a range, a join or a LIMIT, unless the value stands in
an expression (\`key = +?\`).

**Durability like for like.** What an acknowledged save survives is read from each library's code, and was checked by
watching its system calls; it is named beside each figure. *media*: an fsync or fdatasync comes before the answer. *process*:
the data was handed to the operating system. Peers are set up as fast as they go at that level, which is not always their
default. They store the value alone: no tags, metadata, versions, checksums, search or feed.

**Data.** Notes of 1,024 bytes of JSON from a fixed seed, with two tags, and metadata that gives each about 14 search terms.
Words follow Zipf's law. Reading workloads share stores of 100,000 notes, or of 10,000 where their title says so, written in an order far from
that of the keys. Saves begin with an empty store and insert, but for the row of 1 MiB, which replaces one item over and over. Files lie on a real disk; nothing is deleted before the end.

**In a browser** all contenders of a workload are in one page of one Chromium, whose profile lies on the disk. The page makes the
documents and looks at its own clock, so the way there and back is not timed. The limit by hand is one put in a transaction of its
own, of the record that Holdfast writes, resolved on \`complete\` with relaxed durability, which is also what the peers get.

Not there: Keyv lists no range of keys, unstorage lists by looking at every key and stands in one such section only, to show what that takes, and none of
the libraries has tags with items as an answer, or text search, but for Dexie's indexes, which were not set up. @keyv/sqlite takes part in its next version, a beta, because the current one
stands on sqlite3, which has to be compiled or downloaded.

### Running it

\`\`\`sh
pnpm bench                                   # everything, in half an hour or more; writes this page, its plots and results.json
pnpm bench --only sqlite-save,memory         # some workloads; prints their tables, leaves this page alone
pnpm bench --only sqlite-load --rounds 200   # with more rounds
pnpm bench --only sqlite-load --profile ./p  # with a CPU profile of the process
pnpm --filter @holdfast/bench report         # makes page and plots again from results.json
\`\`\`

Figures depend on the machine, above all on its fsync; ratios much less so. Nothing else should run meanwhile.`;

function machineSection({ machine, versions }: Results): string {
  const facts: [string, string][] = [
    ["processor", `${machine.processor}, ${machine.cores} cores`],
    ["memory", `${machine.memoryGiB} GiB`],
    ["system", machine.system],
    ["file system", machine.filesystem],
    ["4 KiB appended and fsynced", `${machine.fsyncMicroseconds} µs`],
    ["load before the run", String(machine.loadBefore)],
    ["Node", machine.node],
    ...Object.entries(versions),
  ];
  return `### Machine and versions\n\n${table(["", ""], facts)}`;
}
