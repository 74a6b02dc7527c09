import { checksumOf, openStorage, type StorageEngine, StorageError } from "@holdfast/core";
import { memory } from "@holdfast/memory";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { readArchive } from "../src/archive/read-archive.ts";
import { writeArchive } from "../src/archive/write-archive.ts";
import type { TaskTools } from "../src/store/task.ts";

interface Line {
  header: Record<string, unknown>;
  text: string;
}

const tools = (): TaskTools => ({ signal: new AbortController().signal, tell: () => undefined });
const linesOf = async (storage: StorageEngine) =>
  (await (await writeArchive(storage, tools())).file.text()).split("\n");

/** An archive of one item `a`, changed by hand. */
async function archiveOf(change: (line: Line) => void): Promise<string[]> {
  await using storage = await openStorage(memory());
  await storage.save("a", "forged", { tags: ["t"], metadata: { stars: 3 } });
  const [preamble = "", line = "{}"] = await linesOf(storage);
  const entry = JSON.parse(line) as Line;
  change(entry);
  return [preamble, JSON.stringify(entry), ""];
}

const header = (part: Record<string, unknown>) => archiveOf((line) => Object.assign(line.header, part));

/** With the checksum and the sizes that go with it. */
async function content(text: string): Promise<string[]> {
  const { checksum } = await checksumOf(new TextEncoder().encode(text));
  return archiveOf((line) => {
    line.text = text;
    Object.assign(line.header, { checksum, size: text.length, storedSize: text.length });
  });
}

describe("an archive", () => {
  let storage: StorageEngine;
  beforeEach(async () => {
    storage = await openStorage(memory(), { history: { versions: 5 } });
    await storage.save("a", "good");
    return () => storage.close();
  });

  const bring = (lines: readonly string[], into = storage) => readArchive(into, new Blob([lines.join("\n")]), tools());

  it("comes back whole", async () => {
    await using source = await openStorage(memory());
    await using target = await openStorage(memory());
    await source.save("a", "one", { metadata: { stars: 1 } });
    await source.save("b", new Uint8Array([0xff]), { tags: ["x"], expiration: new Date(Date.now() + 60_000) });
    const lines = await linesOf(source);
    await expect(bring(lines, target)).resolves.toEqual({ copied: 2, unchanged: 0 });
    expect(await linesOf(target)).toEqual(lines);
  });

  const refused: readonly [what: string, lines: () => Promise<string[]>][] = [
    ["of a compression that is none", () => header({ compression: "gzip" })],
    ["of another size", () => header({ size: 99 })],
    ["of another stored size", () => header({ storedSize: 99 })],
    ["of content that is not of its format", () => content('{"a":')],
    ["of a tag that is empty", () => header({ tags: [""] })],
    ["of a tag that comes twice", () => header({ tags: ["t", "t"] })],
    ["of a tag that is no text", () => header({ tags: ["\ud800"] })],
    [
      "of a number in metadata that is none",
      async () => (await header({})).map((line) => line.replace('"stars":3', '"stars":1e999')),
    ],
    ["of a schema that is none", () => header({ schema: 7 })],
    ["of indexed paths that are none", () => header({ indexed: 7 })],
    ["of fields that are none", () => header({ fields: "x" })],
    ["of an encryption that is none", () => header({ encryption: { v: 1 } })],
    ["of a time between two milliseconds", () => header({ modified: 1.5 })],
    ["of a header that is not whole", () => archiveOf((line) => delete line.header["metadata"])],
    ["of a version that is none", () => header({ version: "1" })],
    [
      "of a key that comes twice",
      async () => {
        const [preamble = "", line = ""] = await header({});
        return [preamble.replace('"items":1', '"items":2'), line, line, ""];
      },
    ],
  ];

  it.each(refused)("%s is CORRUPT, and nothing is changed", async (_, lines) => {
    const before = await storage.stat("a");
    await expect(bring(await lines())).rejects.toMatchObject({ code: "CORRUPT" });
    await expect(storage.stat("a")).resolves.toEqual(before);
    await expect(storage.load("a")).resolves.toBe("good");
  });

  it("of a key that no store may hold is INVALID_KEY, and nothing is changed", async () => {
    await expect(bring(await header({ key: "a/../b" }))).rejects.toMatchObject({ code: "INVALID_KEY" });
    expect((await storage.list()).map(({ key }) => key)).toEqual(["a"]);
  });

  it("of an encrypted item that cannot go where another one stands tells that the key is missing", async () => {
    const encryption = { v: 1, realm: "r", id: "i", key: "k", wrap: "w", mac: "m" };
    const lines = await header({ encryption });
    await storage.save("a", "later");
    await expect(bring(lines)).rejects.toMatchObject({ code: "KEY_MISSING", message: expect.stringContaining('"a"') });
    await expect(storage.load("a")).resolves.toBe("later");
  });

  it("names the key of what is wrong", async () => {
    await expect(bring(await header({ size: 99 }))).rejects.toThrow('"a"');
  });
});

describe("stopping", () => {
  const stoppedAtOnce = (): TaskTools => {
    const controller = new AbortController();
    return { signal: controller.signal, tell: () => controller.abort() };
  };

  it("an import leaves what has arrived, and an export makes no file", async () => {
    await using source = await openStorage(memory());
    for (let index = 0; index < 200; index++) await source.save(`notes/${index}`, index);
    await using target = await openStorage(memory());
    const file = new Blob([(await linesOf(source)).join("\n")]);
    await expect(readArchive(target, file, stoppedAtOnce())).rejects.toMatchObject({ code: "ABORTED" });
    await expect(target.list()).resolves.toSatisfy((items: unknown[]) => items.length < 200);
    await expect(writeArchive(source, stoppedAtOnce())).rejects.toMatchObject({ code: "ABORTED" });
    await expect(readArchive(target, file, tools())).resolves.toMatchObject({ unchanged: expect.any(Number) });
    expect(await linesOf(target)).toEqual(await linesOf(source));
  });
});

describe("writing an archive", () => {
  it("fails with what an item fails with", async () => {
    const adapter = memory();
    await using storage = await openStorage(adapter);
    await storage.save("a", "x");
    const failure = new StorageError("DECRYPT_FAILED", "not as it was written");
    vi.spyOn(adapter, "get").mockRejectedValue(failure);
    await expect(writeArchive(storage, tools())).rejects.toMatchObject({ code: "DECRYPT_FAILED", key: "a" });
  });

  it("fails when the store does not come to rest", async () => {
    const adapter = memory();
    await using storage = await openStorage(adapter);
    await storage.save("a", 0);
    const lastCursor = adapter.lastCursor?.bind(adapter);
    let writes = 0;
    vi.spyOn(adapter, "lastCursor").mockImplementation(async (options) => {
      await storage.save("a", ++writes);
      return lastCursor?.(options) ?? "";
    });
    await expect(writeArchive(storage, tools())).rejects.toMatchObject({ code: "LOCKED" });
  });
});
