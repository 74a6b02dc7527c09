import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Notices } from "../src/store/notices.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const textsOf = (notices: Notices) => notices.all.value.map(({ text }) => text);

it("what failed is told until it is dismissed, however much goes well meanwhile", () => {
  const notices = new Notices();
  notices.failed("Saving", new Error("no room"));
  for (const text of ["one", "two", "three", "four"]) notices.done(text);
  expect(textsOf(notices)).toEqual(["Saving: no room", "two", "three", "four"]);
  vi.advanceTimersByTime(60_000);
  expect(textsOf(notices)).toEqual(["Saving: no room"]);
});

it("what is said again takes the place of what was said", () => {
  const notices = new Notices();
  const action = { label: "Undo", run: () => undefined };
  notices.failed("Saving", new Error("no room"));
  notices.done("a was deleted", action);
  notices.failed("Saving", new Error("no room"));
  expect(textsOf(notices)).toEqual(["a was deleted", "Saving: no room"]);
  // Of another folder, with something else to undo.
  notices.done("a was deleted", action);
  expect(textsOf(notices)).toEqual(["a was deleted", "Saving: no room", "a was deleted"]);
});
