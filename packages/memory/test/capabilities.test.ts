import { memory } from "@holdfast/memory";
import { expect, it } from "vitest";

// A downgrade is a change of a committed file, and so is seen in review.
it("announces the capabilities of the committed snapshot", async () => {
  const { capabilities } = memory();
  await expect(`${JSON.stringify(capabilities, undefined, 2)}\n`).toMatchFileSnapshot("capabilities.snapshot.json");
});
