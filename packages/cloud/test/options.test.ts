import { type CloudOptions, cloud } from "@holdfast/cloud";
import { createClient } from "@supabase/supabase-js";
import { expect, it } from "vitest";

const client = createClient("http://127.0.0.1:1", "sb_publishable_nothing");

it.each([
  ["nothing", undefined],
  ["no object", "client"],
  ["no client", {}],
  ["something that is no client", { client: {} }],
  ["an option that there is not", { client, durability: "media" }],
  ["an empty name", { client, store: "" }],
  ["a name that is too long", { client, store: "x".repeat(201) }],
  ["a name with a control character", { client, store: "a\nb" }],
  ["a name that is ill-formed", { client, store: "\ud800" }],
  ["a name that is no string", { client, store: 1 }],
  ["an owner that is no id", { client, owner: "ann" }],
  ["no time at all", { client, timeout: 0 }],
  ["a time that is no number", { client, timeout: "1" }],
  ["a time that no timer holds", { client, timeout: 2 ** 31 }],
  ["a part of a millisecond", { client, pollInterval: 0.5 }],
])("refuses %s", (_, options) => {
  expect(() => cloud(options as CloudOptions)).toThrow(
    expect.objectContaining({ code: "INVALID_OPTION", adapter: "cloud" }),
  );
});

it.each([
  ["a bigint", 1n],
  ["what has no prototype", Object.create(null)],
  ["a symbol", Symbol("s")],
])("refuses %s as a role and as seconds, and says what they are", async (_, wrong) => {
  const adapter = cloud({ client });
  const refused = (part: string) => ({ code: "INVALID_OPTION", message: expect.stringContaining(part) });
  const user = crypto.randomUUID();
  await expect(adapter.shares.share({ key: "a" }, user, wrong as never)).rejects.toMatchObject(refused("a role is"));
  await expect(adapter.signDownload("a", { seconds: wrong as never })).rejects.toMatchObject(refused("seconds is"));
});

it("asks nothing of the server before it is opened", () => {
  expect(cloud({ client, store: "x", owner: crypto.randomUUID(), timeout: 1, pollInterval: 1 }).name).toBe("cloud");
});
