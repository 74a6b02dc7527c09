import { sqlite } from "@holdfast/sqlite";
import { expect, it } from "vitest";

// A downgrade is a change of a committed file, and so is seen in review.
it("announces the capabilities of the committed snapshot, for each durability", async () => {
  const capabilities = {
    default: sqlite({ path: "never-opened.db" }).capabilities,
    process: sqlite({ path: "never-opened.db", durability: "process" }).capabilities,
  };
  await expect(`${JSON.stringify(capabilities, undefined, 2)}\n`).toMatchFileSnapshot("capabilities.snapshot.json");
});
