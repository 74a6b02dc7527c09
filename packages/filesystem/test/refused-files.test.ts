import { expect, it } from "vitest";
import { RefusedFiles } from "../src/edits/refused-files.js";

it("tells of files whose key is free, and asks for a look at everything once where it remembers no more", () => {
  const refused = new RefusedFiles(2);
  const told: (string | undefined)[] = [];
  refused.listen((path) => told.push(path));
  for (const [path, key] of [
    ["b/one", "one"],
    ["b/two", "two"],
    ["b/three", "three"],
    ["c/one", "one"],
  ] as const) {
    refused.add(path, key);
  }
  refused.free("one");
  expect(told).toEqual(["b/one", "c/one"]);
  refused.free("three");
  refused.free("four");
  refused.free("one");
  expect(told).toEqual(["b/one", "c/one", undefined]);
  expect([...refused.take("two")]).toEqual(["b/two"]);
});
