import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Notices } from "../src/store/notices.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it("a notice goes by itself, but not while somebody is at it", () => {
  const notices = new Notices();
  notices.done("saved");
  notices.done("deleted", { label: "Undo", run: () => undefined });
  const [, { id } = { id: 0 }] = notices.all.value;
  notices.hold(id);
  vi.advanceTimersByTime(60_000);
  expect(notices.all.value.map(({ text }) => text)).toEqual(["deleted"]);
  notices.release(id);
  vi.advanceTimersByTime(10_000);
  expect(notices.all.value).toEqual([]);
});
