import { createProgressView, type ProgressViewOptions } from "@holdfast/cli/terminal";
import { describe, expect, it } from "vitest";

const CLEAR = "\r\u001b[K";

function view(mode: ProgressViewOptions["mode"], columns?: number) {
  const written: string[] = [];
  const clock = { time: 0 };
  const target = { write: (text: string) => written.push(text), ...(columns === undefined ? {} : { columns }) };
  return { written, clock, progress: createProgressView({ mode, target, now: () => clock.time }) };
}

describe("a bar", () => {
  it("is drawn at once, redrawn in place now and then, and leaves a line when a phase ends", () => {
    const { written, clock, progress } = view("bar", 200);
    progress.update({ phase: "copy", items: 0, totalItems: 200, bytes: 0 });
    clock.time = 79;
    progress.update({ phase: "copy", items: 20, totalItems: 200, bytes: 5_000 });
    clock.time = 1_000;
    progress.update({ phase: "copy", items: 50, totalItems: 200, bytes: 10_000 });
    clock.time = 2_000;
    progress.update({ phase: "copy", items: 200, totalItems: 200, bytes: 40_000 });
    progress.update({ phase: "verify", items: 0, totalItems: 200, bytes: 0 });
    clock.time = 2_500;
    progress.end();
    expect(written).toEqual([
      `${CLEAR}copy ${"░".repeat(24)}   0 % 0 of 200 items, 0 B`,
      `${CLEAR}copy ${"█".repeat(6)}${"░".repeat(18)}  25 % 50 of 200 items, 10 kB, 10 kB/s, 3.0 s left`,
      `${CLEAR}copy ${"█".repeat(24)} 100 % 200 of 200 items, 40 kB, 20 kB/s, 0 ms left`,
      CLEAR,
      "copy: 200 items, 40 kB in 2.0 s\n",
      `${CLEAR}verify ${"░".repeat(24)}   0 % 0 of 200 items, 0 B`,
      CLEAR,
      "verify: 0 items, 0 B in 500 ms\n",
    ]);
  });

  it("takes rate and time left from the work where that tells them", () => {
    const { written, clock, progress } = view("bar", 200);
    progress.update({ phase: "copy", items: 100, totalItems: 200, bytes: 5_000 });
    clock.time = 1_000;
    progress.update({
      phase: "copy",
      items: 110,
      totalItems: 200,
      bytes: 6_000,
      bytesPerSecond: 1_000,
      remaining: 9_000,
    });
    expect(written[1]).toContain("110 of 200 items, 6.0 kB, 1.0 kB/s, 9.0 s left");
  });

  it("counts where the total is not known", () => {
    const { written, clock, progress } = view("bar");
    progress.update({ phase: "plan", items: 0, bytes: 0 });
    clock.time = 500;
    progress.update({ phase: "plan", items: 1_500, bytes: 3_000_000 });
    expect(written.at(-1)).toBe(`${CLEAR}plan: 1,500 items, 3.0 MB, 6.0 MB/s`);
  });

  it.each([20, 40])("keeps within a terminal of %i columns", (columns) => {
    const { written, progress } = view("bar", columns);
    progress.update({ phase: "copy", items: 5, totalItems: 10, bytes: 10 });
    expect(written[0]?.slice(CLEAR.length).length).toBe(columns - 1);
  });

  it.each([
    [70, `copy ${"█".repeat(4)}${"░".repeat(10)}  25 % 50 of 200 items, 10 kB, 10 kB/s, 3.0 s left`],
    [60, `copy ${"█".repeat(3)}${"░".repeat(8)}  25 % 50 of 200 items, 10 kB/s, 3.0 s left`],
    [45, `copy ${"█".repeat(4)}${"░".repeat(13)}  25 % 50 of 200 items`],
  ])("tells less in %i columns rather than half of something", (columns, line) => {
    const { written, clock, progress } = view("bar", columns);
    progress.update({ phase: "copy", items: 0, totalItems: 200, bytes: 0 });
    clock.time = 1_000;
    progress.update({ phase: "copy", items: 50, totalItems: 200, bytes: 10_000 });
    expect(written.at(-1)).toBe(CLEAR + line);
  });

  it("takes 80 columns where a terminal tells none", () => {
    const { written, progress } = view("bar", 0);
    progress.update({ phase: "x".repeat(100), items: 5, totalItems: 10, bytes: 10 });
    expect(written[0]?.slice(CLEAR.length).length).toBe(79);
  });

  it("is wiped when the work fails, and says nothing that looks done", () => {
    const { written, progress } = view("bar");
    progress.update({ phase: "copy", items: 1, totalItems: 2, bytes: 1 });
    progress.abandon();
    progress.end();
    expect(written.slice(1)).toEqual([CLEAR]);
  });
});

describe("lines", () => {
  it("come every two seconds, and one when a phase ends", () => {
    const { written, clock, progress } = view("lines");
    for (let items = 0; items <= 50; items += 10) {
      clock.time = items * 100;
      progress.update({ phase: "copy", items, totalItems: 50, bytes: items * 1_000 });
    }
    progress.end();
    expect(written).toEqual([
      "copy: 20 of 50 items, 20 kB, 10 kB/s, 3.0 s left\n",
      "copy: 40 of 50 items, 40 kB, 10 kB/s, 1.0 s left\n",
      "copy: 50 items, 50 kB in 5.0 s\n",
    ]);
  });

  it("end without one when the work fails", () => {
    const { written, progress } = view("lines");
    progress.update({ phase: "copy", items: 1, totalItems: 2, bytes: 1 });
    progress.abandon();
    expect(written).toEqual([]);
  });

  it("listens to nothing either, which work would count first for", () => {
    expect(view("none").progress.listener).toBeUndefined();
    const { written, progress } = view("lines");
    progress.listener?.({ phase: "copy", items: 1, bytes: 1 });
    progress.end();
    expect(written.join("")).toContain("copy: 1 item");
  });
});

describe("none", () => {
  it("writes nothing", () => {
    const { written, clock, progress } = view("none");
    progress.update({ phase: "copy", items: 1, bytes: 1 });
    clock.time = 10_000;
    progress.update({ phase: "copy", items: 2, bytes: 1 });
    progress.end();
    progress.abandon();
    expect(written).toEqual([]);
  });

  it("listens to nothing either, which work would count first for", () => {
    expect(view("none").progress.listener).toBeUndefined();
    const { written, progress } = view("lines");
    progress.listener?.({ phase: "copy", items: 1, bytes: 1 });
    progress.end();
    expect(written.join("")).toContain("copy: 1 item");
  });
});
