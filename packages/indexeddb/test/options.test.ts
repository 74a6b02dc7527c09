import { indexeddb } from "@holdfast/indexeddb";
import { describe, expect, it } from "vitest";
import { commands } from "vitest/browser";

describe("options", () => {
  it.each([
    [undefined, "takes an object with a name, not undefined"],
    [{}, "name is a string"],
    [{ name: "" }, "name is a string"],
    [{ name: "a", durability: "media" }, '"relaxed" or "strict"'],
    [{ name: "a", lockTimeout: -1 }, "whole number"],
    [{ name: "a", evictable: true }, "evictable is a function, not true"],
    [{ name: "a", durabilty: "strict" }, 'no option "durabilty"; it has name, durability, lockTimeout, evictable'],
  ])("refuses %j", (options, reason) => {
    expect(() => indexeddb(options as never)).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION", message: expect.stringContaining(reason) }),
    );
  });
});

// A downgrade is a change of a committed file, and so is seen in review.
it("announces the capabilities of the committed snapshot", async () => {
  const { capabilities } = indexeddb({ name: "never opened" });
  expect(`${JSON.stringify(capabilities, undefined, 2)}\n`).toBe(
    await commands.readFile("test/capabilities.snapshot.json"),
  );
  expect(indexeddb({ name: "never opened", durability: "strict" }).capabilities.durability).toBe("media");
});
