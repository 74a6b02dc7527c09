import { type StorageEngine, StorageError, type StorageItem } from "@holdfast/core";
import { describe, expect, it } from "vitest";
import type { Detail } from "../src/store/detail.ts";
import { Drafts, Writing } from "../src/store/drafts.ts";

/** Saves as it is told to. */
function storageThat(save: () => Promise<StorageItem>): StorageEngine {
  return { save } as unknown as StorageEngine;
}

function itemOf(data: unknown): Detail {
  const item = { key: "notes/a", version: "1", tags: [], metadata: {}, format: "json" } as unknown as StorageItem;
  return { item, data, history: [] };
}

/** What is said of metadata, or of whatever `fails` says, beside which field. */
async function faultOf(data: unknown, metadata: string, fails: unknown): Promise<unknown> {
  const writing = new Writing(itemOf(data));
  writing.type({ metadata });
  await writing.save(storageThat(() => Promise.reject(fails)));
  return writing.fault.value;
}

describe("what is typed", () => {
  it("is held when its form is gone, until it is saved or given up", async () => {
    const drafts = new Drafts();
    const writing = new Writing(itemOf("before"));
    const leave = drafts.show(writing);
    expect(drafts.unsaved.value).toEqual([]);
    writing.type({ content: "after" });
    leave();
    expect(drafts.unsaved.value).toEqual(["notes/a"]);
    expect(drafts.at("notes/a")?.typed.value.content).toBe("after");
    drafts.show(writing)();
    await writing.save(storageThat(() => Promise.resolve(itemOf("after").item)));
    expect(drafts.unsaved.value).toEqual([]);

    const other = new Writing();
    other.type({ tags: ["one"] });
    drafts.show(other)();
    expect(drafts.unsaved.value).toEqual([undefined]);
    drafts.end(other);
    expect(drafts.at(undefined)).toBeUndefined();
  });

  it("is not held where it is as it was", () => {
    const drafts = new Drafts();
    const writing = new Writing(itemOf({ a: 1 }));
    const leave = drafts.show(writing);
    const { content } = writing.typed.value;
    writing.type({ content: "" });
    writing.type({ content });
    leave();
    expect(drafts.at("notes/a")).toBeUndefined();
  });

  it("is what is saved, also when its form is gone, and stays when that fails", async () => {
    const drafts = new Drafts();
    const writing = new Writing(itemOf("before"));
    const leave = drafts.show(writing);
    writing.type({ content: "after" });
    const saving = Promise.withResolvers<StorageItem>();
    const saved = writing.save(storageThat(() => saving.promise));
    expect(writing.saving.value).toBe(true);
    writing.type({ content: "too late" });
    leave();
    saving.reject(new StorageError("CONFLICT", "changed", { current: "2" }));
    await saved;
    expect(writing.saving.value).toBe(false);
    expect(writing.standing.value).toBe("2");
    expect(drafts.isShown(writing)).toBe(false);
    expect(drafts.at("notes/a")?.typed.value.content).toBe("after");
  });
});

describe("what is wrong", () => {
  const refused = new StorageError("INVALID_VALUE", "no");

  it("is said beside the field that it is about, where the form has it", async () => {
    await expect(faultOf("text", "", refused)).resolves.toMatchObject({ field: "content" });
    await expect(faultOf(new Uint8Array(1), "", refused)).resolves.toMatchObject({ field: undefined });
    await expect(faultOf(new Uint8Array(1), '{ "x": [1e999] }', refused)).resolves.toMatchObject({
      field: "metadata",
      text: expect.stringContaining('the number at "0" is too large'),
    });
  });
});
