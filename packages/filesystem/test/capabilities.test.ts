import { filesystem } from "@holdfast/filesystem";
import { expect, it } from "vitest";

// A downgrade is a change of a committed file, and so is seen in review.
it("announces the capabilities of the committed snapshot, for each durability", async () => {
  const capabilities = {
    default: filesystem({ root: "never-opened" }).capabilities,
    process: filesystem({ root: "never-opened", durability: "process" }).capabilities,
  };
  await expect(`${JSON.stringify(capabilities, undefined, 2)}\n`).toMatchFileSnapshot("capabilities.snapshot.json");
});
