import { StorageError } from "@holdfast/core";
import { describe, expect, it } from "vitest";
import { Notices } from "../src/store/notices.ts";
import { Task, type TaskTools } from "../src/store/task.ts";

/** What is told of work that is stopped and then fails with `error`, or that fails without being stopped. */
async function toldOf(error: unknown, stops = true): Promise<string> {
  const notices = new Notices();
  const task = new Task(notices);
  await task.run("Working", async ({ signal }: TaskTools) => {
    if (stops) task.stop();
    throw error === "reason" ? signal.reason : error;
  });
  const [notice] = notices.all.value;
  return `${notice?.kind}: ${notice?.text}`;
}

describe("a task", () => {
  const stopped = "done: Working: stopped. What was done so far stays.";

  it.each([
    ["the signal's own reason", "reason"],
    ["an error of Holdfast's", new StorageError("ABORTED", "given up")],
    // As of a body that was still being read.
    ["another error of the browser's", new DOMException("BodyStreamBuffer was aborted", "AbortError")],
  ])("that was stopped is told as stopped, whether it ends with %s", async (_, error) => {
    await expect(toldOf(error)).resolves.toBe(stopped);
  });

  it("that fails is told as failed, also when it was stopped, or when something else was given up", async () => {
    await expect(toldOf(new Error("no"))).resolves.toBe("failed: Working: no");
    await expect(toldOf(new DOMException("away", "AbortError"), false)).resolves.toBe("failed: Working: away");
  });
});
