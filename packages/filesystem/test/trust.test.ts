import { nodeFileSystem } from "@holdfast/filesystem/port";
import { expect, it } from "vitest";
import { openRoot, openRootOn, temporaryRoot, writeText } from "./support/roots.js";

it("hashes a file that was young when it was recorded once more, and then never again", async () => {
  const root = temporaryRoot();
  const first = await openRoot(root);
  await first.save("a", 1);
  await first.close();

  let read = 0;
  const files = {
    ...nodeFileSystem,
    openToRead: (path: string) => {
      if (path.endsWith("/a.json")) read++;
      return nodeFileSystem.openToRead(path);
    },
    // By now the file is old.
    now: () => Date.now() + 10_000,
  };
  const second = await openRootOn({ files }, root);
  expect(read).toBe(1);
  expect(await second.load("a")).toBe(1);
  await second.close();
  const third = await openRootOn({ files }, root);
  expect(await third.load("a")).toBe(1);
  expect(read).toBe(1);

  // What is changed afterwards is seen.
  writeText(root, "a.json", "2");
  expect(await third.load("a")).toBe(2);
});
