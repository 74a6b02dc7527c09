import { describe, expect, it } from "vitest";
import type { Machine } from "../src/harness/machine.ts";
import { requireSameMachine, withAnew } from "../src/harness/measured-anew.ts";
import type { Results, WorkloadResult } from "../src/harness/results.ts";
import { reportFiles } from "../src/report/page.ts";

const machine: Machine = {
  processor: "one",
  cores: 2,
  memoryGiB: 1,
  system: "Linux",
  filesystem: "ext4",
  node: "24",
  fsyncMicroseconds: 100,
  loadBefore: 0,
};

const before: Results = {
  date: "2026-01-01",
  machine,
  versions: { core: "1", peer: "1" },
  workloads: [workload("first", 1), workload("last", 1)],
};

function workload(id: string, time: number): WorkloadResult {
  return {
    id,
    title: id,
    description: "Something.",
    unit: "save",
    operations: 1,
    warmups: 1,
    contenders: [{ id: "ours", name: "Holdfast", role: "ours", note: "fast", microseconds: [time] }],
  };
}

describe("workloads that are measured anew", () => {
  const later = { ...machine, fsyncMicroseconds: 200, loadBefore: 0.1 };
  const anew = { date: "2026-02-02", machine: later, versions: { core: "2" } };
  const ids = ["first", "between", "last"];

  it("take the place of what was there, in the order of the workloads, and the others stay", () => {
    const results = withAnew(before, { ...anew, results: [workload("last", 9), workload("between", 9)] }, ids);
    expect(results.workloads.map(({ id, contenders }) => [id, contenders[0]?.microseconds])).toEqual([
      ["first", [1]],
      ["between", [9]],
      ["last", [9]],
    ]);
    expect(results).toMatchObject({ date: "2026-01-01", machine, versions: { core: "2", peer: "1" } });
  });

  it("say on the page when that was, and the page that not all of it is of one run", () => {
    const results = withAnew(before, { ...anew, results: [workload("last", 9)] }, ids);
    const page = reportFiles(results, []).get("benchmarks.md") ?? "";
    expect(page).toContain("Measured by itself on 2026-02-02, when an fsync took 200 µs (load 0.1).");
    expect(page).toContain("all workloads from the same one but those that say so below");
    expect(reportFiles(before, []).get("benchmarks.md")).toContain("All figures come from one run");
  });

  it("are of the machine that the others were measured on", () => {
    expect(() => requireSameMachine(machine, later)).not.toThrow();
    for (const other of [{ processor: "two" }, { cores: 4 }, { filesystem: "xfs" }, { node: "25" }]) {
      expect(() => requireSameMachine(machine, { ...machine, ...other })).toThrow("another machine");
    }
  });
});
