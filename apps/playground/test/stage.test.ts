import { openStorage, type StorageEngine } from "@holdfast/core";
import { memory } from "@holdfast/memory";
import { signal } from "@preact/signals";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Account, Standing } from "../src/store/account.ts";
import { keepProject, keptProject } from "../src/store/project.ts";
import { SETTINGS, type Session } from "../src/store/session.ts";
import { Stage } from "../src/store/stage.ts";

// What the modules find of a page, when they are loaded and later.
const openPage = vi.hoisted(() => {
  const stub = () => {
    const kept = new Map<string, string>();
    vi.stubGlobal("navigator", { onLine: true });
    vi.stubGlobal("addEventListener", () => undefined);
    vi.stubGlobal("location", { hash: "#item/notes%2Fa", pathname: "/", search: "" });
    vi.stubGlobal("localStorage", {
      getItem: (name: string) => kept.get(name) ?? null,
      setItem: (name: string, value: string) => kept.set(name, value),
      removeItem: (name: string) => kept.delete(name),
    });
  };
  stub();
  return stub;
});

const doubles = vi.hoisted(() => ({
  openInBrowser: vi.fn<() => Promise<Session>>(),
  resume: vi.fn<() => Promise<Session | undefined>>(),
  signOut: vi.fn<() => Promise<void>>(),
}));
vi.mock("../src/store/open-in-cloud.ts", () => ({ resume: doubles.resume, signOut: doubles.signOut }));
vi.mock("../src/store/session.ts", async (original) => ({
  ...(await original<object>()),
  openInBrowser: doubles.openInBrowser,
}));

const PROJECT = { url: "https://a.supabase.co", key: "sb_publishable_a" };

/** The stores that were opened and not closed. */
const open = new Set<StorageEngine>();

async function storage(): Promise<StorageEngine> {
  const adapter = memory();
  const engine = await openStorage(adapter, SETTINGS);
  open.add(engine);
  const close = engine.close.bind(engine);
  vi.spyOn(engine, "close").mockImplementation(async () => {
    open.delete(engine);
    await close();
  });
  return engine;
}

async function inCloud(): Promise<Session> {
  const account: Account = {
    email: "ann@example.com",
    project: PROJECT,
    standing: signal<Standing>("lasting"),
    signOut: async () => undefined,
  };
  return { storage: await storage(), account };
}

beforeEach(() => {
  openPage();
  doubles.openInBrowser.mockImplementation(async () => ({ storage: await storage(), account: undefined }));
});
afterEach(async () => {
  await Promise.all([...open].map((engine) => engine.close()));
});

const storeOf = (stage: Stage) => {
  const shown = stage.shown.value;
  return shown.is === "library" ? shown.library.session : undefined;
};

it.each([
  ["leaves it for now", (stage: Stage) => stage.useBrowser(), PROJECT],
  ["has it forgotten", (stage: Stage) => stage.forgetProject(), undefined],
])("a store in the cloud that is open after one %s is closed, and not shown", async (_, leave, kept) => {
  keepProject(PROJECT);
  const late = Promise.withResolvers<Session>();
  doubles.resume.mockReturnValue(late.promise);
  const stage = new Stage();
  const started = stage.start();
  expect(stage.shown.value).toEqual({ is: "opening", inCloud: true });
  await leave(stage);
  const here = storeOf(stage);
  expect(here?.account).toBeUndefined();
  expect(location.hash).toBe("#");
  late.resolve(await inCloud());
  await started;
  expect(storeOf(stage)).toBe(here);
  expect([...open]).toEqual([here?.storage]);
  expect(keptProject()).toEqual(kept);
});

it("an answer that comes too late to say that the session has ended is told nobody", async () => {
  keepProject(PROJECT);
  const late = Promise.withResolvers<undefined>();
  doubles.resume.mockReturnValue(late.promise);
  const stage = new Stage();
  const started = stage.start();
  await stage.useBrowser();
  const here = storeOf(stage);
  late.resolve(undefined);
  await started;
  expect(storeOf(stage)).toBe(here);
  expect([...open]).toEqual([here?.storage]);
});

it("of two clicks on the same button one store stays open", async () => {
  const stage = new Stage();
  await Promise.all([stage.useBrowser(), stage.useBrowser()]);
  expect([...open]).toEqual([storeOf(stage)?.storage]);
});
