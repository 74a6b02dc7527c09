import { cloud } from "@holdfast/cloud";
import { createClient } from "@supabase/supabase-js";
import { expect, it } from "vitest";

// A downgrade is a change of a committed file, and so is seen in review.
it("announces the capabilities of the committed snapshot", async () => {
  const { capabilities } = cloud({ client: createClient("http://127.0.0.1:1", "sb_publishable_nothing") });
  await expect(`${JSON.stringify(capabilities, undefined, 2)}\n`).toMatchFileSnapshot("capabilities.snapshot.json");
});
