import { describe, expect, it } from "vitest";
import type { ContenderResult, Results } from "../src/harness/results.ts";
import { readReport, readResults } from "../src/report/files.ts";
import { reportFiles } from "../src/report/page.ts";
import { targets } from "../src/targets.ts";

describe("reportFiles", () => {
  it("takes the ratio within each round, and the median of those", () => {
    // Both medians are 20; round by round ours took 0.5, 2 and 3 times as long.
    const page = pageOf({ ours: [10, 20, 60], limit: [20, 10, 20] });
    expect(page).toContain("| [A save](#a-save) | raw SQL | ≤ 2.50× | 2.00× (1.25× to 2.50×) | yes |");
  });

  it("says so when a target is missed", () => {
    expect(pageOf({ ours: [26, 26, 26], limit: [10, 10, 10] })).toContain("| 2.60× (2.60× to 2.60×) | **no** |");
  });

  it("names what a save survives beside its time", () => {
    expect(pageOf({ ours: [20], limit: [10] })).toContain(
      "| **Holdfast** | 20.0 µs (20.0 µs to 20.0 µs) | 50,000 | 2.00× | loss of power (media) |",
    );
  });

  it("refuses to judge a target whose contenders were not measured", () => {
    const unknown = [{ workload: "save", ours: "ours", limit: "unheard-of", most: 2 }];
    expect(() => reportFiles(results({ ours: [1], limit: [1] }), unknown)).toThrow("nothing was measured");
  });

  it("names the workload that a machine could not run, and judges nothing for it", () => {
    const target = { workload: "slow", ours: "ours", limit: "limit", most: 2 };
    const files = reportFiles({ ...results({ ours: [1], limit: [1] }), leftOut: { slow: "nothing slows it here" } }, [
      target,
    ]);
    expect(files.get("benchmarks.md")).toContain("Not measured in this run: `slow` (nothing slows it here).");
  });

  it("plots each contender at its place on a logarithmic axis", () => {
    const plot = reportFiles(results({ ours: [100], limit: [10] }), []).get("benchmarks/save.svg") ?? "";
    const [ours = Number.NaN, limit = Number.NaN] = [...plot.matchAll(/cx="([\d.]+)"/g)].map(([, x]) => Number(x));
    const [first = Number.NaN, second = Number.NaN] = [...plot.matchAll(/class="grid" x1="([\d.]+)"/g)].map(([, x]) =>
      Number(x),
    );
    // From 10 to 20 is one line of the grid, from 10 to 100 three: log 10 against log 2.
    expect((ours - limit) / (second - first)).toBeCloseTo(Math.log(10) / Math.log(2), 2);
  });
});

describe("docs/benchmarks.md", () => {
  it("is what benchmarks/results.json gives, with its plots", () => {
    const generated = reportFiles(readResults(), targets);
    expect(readReport(generated.keys())).toEqual(generated);
  });
});

function pageOf(times: Times): string {
  const target = { workload: "save", ours: "ours", limit: "limit", most: 2.5 };
  return reportFiles(results(times), [target]).get("benchmarks.md") ?? "";
}

interface Times {
  ours: number[];
  limit: number[];
}

function results({ ours, limit }: Times): Results {
  const contender = (id: string, name: string, role: ContenderResult["role"], microseconds: number[]) =>
    ({ id, name, role, durability: "media", note: "", microseconds }) satisfies ContenderResult;
  return {
    date: "2026-11-21",
    machine: {
      processor: "abacus",
      cores: 2,
      memoryGiB: 8,
      system: "Linux",
      filesystem: "ext4",
      node: "24.0.0",
      fsyncMicroseconds: 100,
      loadBefore: 0,
    },
    versions: {},
    workloads: [
      {
        id: "save",
        title: "A save",
        description: "Saves.",
        unit: "save",
        operations: 10,
        warmups: 2,
        contenders: [contender("ours", "Holdfast", "ours", ours), contender("limit", "raw SQL", "limit", limit)],
      },
    ],
  };
}
