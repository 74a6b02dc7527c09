import { cloud } from "@holdfast/cloud";
import { openStorage } from "@holdfast/core";
import { expect, it } from "vitest";
import { sharedServer } from "./support/shared-server.ts";

it("opens an adapter for one storage at a time, and then for another", async () => {
  const { client } = await sharedServer().signUp();
  const adapter = cloud({ client });
  const storage = await openStorage(adapter);
  await expect(openStorage(adapter)).rejects.toMatchObject({ code: "INVALID_OPTION", adapter: "cloud" });
  await storage.save("a", 1);
  await storage.close();
  const again = await openStorage(adapter);
  expect(await again.load("a")).toBe(1);
  await again.close();
});
