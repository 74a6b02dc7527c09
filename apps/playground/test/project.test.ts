import { expect, it } from "vitest";
import { isSameSession, parseProject } from "../src/store/project.ts";

const project = (address: string, key = "sb_publishable_a") => parseProject(address, key);

it.each([
  ["hosts that begin alike", project("https://supabase.a.org"), project("https://supabase.b.org")],
  ["ports of one host", project("http://127.0.0.1:54321"), project("http://127.0.0.1:54322")],
  ["a key and a mistyped one", project("https://a.supabase.co"), project("https://a.supabase.co", "sb_publishable_b")],
])("a session is of one project alone: not of two %s", (_, one, other) => {
  expect(isSameSession(one, other)).toBe(false);
});

it("a session is the same however the address is written", () => {
  expect(isSameSession(project("https://a.supabase.co"), project(" https://A.supabase.co:443/rest "))).toBe(true);
});
