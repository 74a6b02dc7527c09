import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { forShell } from "../src/for-shell.ts";

describe("forShell", () => {
  it("leaves a plain word as it is", () => {
    expect(forShell("./my-adapter.mjs", "linux")).toBe("./my-adapter.mjs");
  });

  it.skipIf(process.platform === "win32").each(["./my adapter.mjs", "it's.mjs", '$HOME/`a`\\"b".mjs', "~/a.mjs", ""])(
    "is read by a shell as it was: %j",
    (word) => {
      const read = execFileSync("sh", ["-c", `printf %s ${forShell(word, "linux")}`], { encoding: "utf8" });
      expect(read).toBe(word);
    },
  );

  it("puts a path of Windows into double quotes", () => {
    expect(forShell(String.raw`C:\my adapter.mjs`, "win32")).toBe(String.raw`"C:\my adapter.mjs"`);
  });
});
