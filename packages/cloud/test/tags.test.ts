import { createHash } from "node:crypto";
import { cloud } from "@holdfast/cloud";
import { openStorage } from "@holdfast/core";
import { expect, it } from "vitest";
import { sharedServer } from "./support/shared-server.ts";

it("finds a tag and no other one, though long ones are made short in the index", async () => {
  const { client } = await sharedServer().signUp();
  const storage = await openStorage(cloud({ client, store: "tags" }));
  const short = (tag: string) => `${tag.slice(0, 64)}#${createHash("sha256").update(tag).digest("hex")}`;
  const long = "x".repeat(600);
  const tags = [long, short(long), short(short(long)), short("y"), "x".repeat(512), `${"x".repeat(512)}y`];
  for (const [index, tag] of tags.entries()) await storage.save(`k${index}`, index, { tags: [tag] });
  for (const [index, tag] of tags.entries()) {
    expect((await storage.search({ tags: [tag] })).map(({ key }) => key)).toEqual([`k${index}`]);
  }
  await storage.close();
});
