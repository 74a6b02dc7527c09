import { readdir } from "node:fs/promises";
import { basename } from "node:path";
import { PassThrough } from "node:stream";
import { beforeEach, describe, expect, it } from "vitest";
import { run } from "../dist/cli.js";
import { useWorkspace } from "./support/workspace.ts";

const space = useWorkspace();
const resolved = (name: string) => JSON.stringify(import.meta.resolve(name));

/** An adapter's module as its author writes it; the packages lie here and not beside it. */
const ON_SQLITE = `
  import { sqlite } from ${resolved("@holdfast/sqlite")};
  export default ({ directory }) => sqlite({ path: directory + "/store.db" });
`;

/** Takes all entries of its feed but the newest, which never leaves. */
const FORGET = `
  import Database from ${resolved("better-sqlite3")};
  export function forgetFeed({ directory }) {
    const database = new Database(directory + "/store.db");
    database.exec("DELETE FROM feed WHERE seq < (SELECT max(seq) FROM feed)");
    database.close();
  }
`;

/** A store of one process, which says that it lasts, and which goes with the process: no other one knows its file. */
const ALL_TALK = `
  import { sqlite } from ${resolved("@holdfast/sqlite")};
  import { replacing } from ${resolved("@holdfast/conformance")};
  const create = ({ directory }) => {
    const sound = sqlite({ path: directory + "/" + process.pid + ".db" });
    return replacing(sound, { capabilities: { ...sound.capabilities, compareAndSet: "process", watch: "process" } });
  };
`;

/** It keeps what is deleted, and says that it is gone. */
const FORGETFUL = `
  import { sqlite } from ${resolved("@holdfast/sqlite")};
  import { replacing } from ${resolved("@holdfast/conformance")};
  export const harness = {
    name: "forgetful",
    async open() {
      const { mkdtemp, rm } = await import("node:fs/promises");
      const directory = await mkdtemp("store-");
      return {
        adapter: () => replacing(sqlite({ path: directory + "/store.db" }), { delete: async () => ({ deleted: true }) }),
        persistent: true,
        destroy: () => rm(directory, { recursive: true }),
      };
    },
  };
`;

/** A sound adapter whose `open` does besides what `stray` says, and whose `close` does not undo it. */
const straying = (stray: string) => `
  import { EventEmitter } from "node:events";
  import { sqlite } from ${resolved("@holdfast/sqlite")};
  import { replacing } from ${resolved("@holdfast/conformance")};
  export default ({ directory }) => {
    const sound = sqlite({ path: directory + "/store.db" });
    return replacing(sound, { open: (context) => { ${stray}; return sound.open(context); } });
  };
`;

interface Found {
  ok: boolean;
  adapter: string;
  seed: number;
  passed: number;
  failed: number;
  themes: {
    theme: string;
    passed: number;
    refused: object;
    failed: { mode: string; case: string; reason: string }[];
  }[];
}

// A module is loaded once in a process, so each test has one of its own name.
let modules = 0;
let file = "";
beforeEach(() => {
  file = `./adapter-${++modules}.mjs`;
});

describe("holdfast certify", () => {
  it("runs the suite on what a module's default makes, and names what held", async () => {
    await space.write(file, ON_SQLITE);
    const { code, stdout, stderr } = await space.run(["certify", file, "--theme", "batch", "--theme", "keys"]);
    expect(stderr).toMatch(/^(certify: .*\n)*$/);
    expect(stdout).toMatch(
      /^ok {4}keys {3}\d+ passed\nok {4}batch {2}\d+ passed\nsqlite: \d+ cases passed, 0 failed \(seed \d+\)\n$/,
    );
    expect(code).toBe(0);
  });

  it("starts the other process by itself, where the adapter promises something across processes", async () => {
    await space.write(file, ON_SQLITE);
    const { code, value } = await space.json(["certify", file, "--theme", "two processes", "--mode", "plain"]);
    expect(code).toBe(0);
    const { themes } = value as Found;
    expect(themes).toEqual([{ theme: "two processes", passed: expect.any(Number), refused: {}, failed: [] }]);
    expect(themes[0]?.passed).toBeGreaterThan(5);
  });

  it("makes the feed forget as the module says, where it says so", async () => {
    const aboutForgetting = async (source: string) => {
      await space.write(file, source);
      const options = ["--theme", "adapter: changes", "--mode", "plain"];
      const { code, value } = await space.json(["certify", file, ...options]);
      expect(code).toBe(0);
      return (value as Found).themes.map(({ refused }) => refused);
    };
    expect(await aboutForgetting(ON_SQLITE)).toEqual([{ "a change feed that forgets": expect.any(Number) }]);
    file = `./adapter-${++modules}.mjs`;
    expect(await aboutForgetting(`${ON_SQLITE} ${FORGET}`)).toEqual([{}]);
  });

  it("kills the process that saved, where an adapter of one process says that what is acknowledged lasts", async () => {
    await space.write(file, `${ALL_TALK} export default create;`);
    const { code, value } = await space.json(["certify", file, "--theme", "two processes", "--mode", "plain"]);
    expect(code).toBe(1);
    const broken = (value as Found).themes.flatMap((theme) => theme.failed);
    expect(broken.map((each) => each.case)).toEqual([
      "of which one works alone and is killed keep what was acknowledged, for who opens the store then",
    ]);
    expect(broken[0]?.reason).toMatch(/^0 saves are there, and \d+ were acknowledged$/);
  });

  it("says that durability was not tried, where a harness gives no process to kill", async () => {
    const open =
      "async () => ({ adapter: () => create({ directory: process.cwd() }), persistent: true, destroy: async () => {} })";
    await space.write(file, `${ALL_TALK} export const harness = { name: "talk", open: ${open} };`);
    const { code, stdout } = await space.run(["certify", file, "--theme", "two processes"]);
    expect(code).toBe(0);
    expect(stdout).toContain("1 without a second process to kill: its durability was NOT tried");
  });

  it("names each broken promise, ends with 1, and says how to see it again", async () => {
    await space.write(file, FORGETFUL);
    const { code, value, stderr } = await space.json([
      "certify",
      file,
      "--theme",
      "update",
      "--theme",
      "keys",
      "--seed",
      "7",
    ]);
    expect(code).toBe(1);
    const { ok, adapter, seed, failed, themes } = value as Found;
    expect({ ok, adapter, seed }).toEqual({ ok: false, adapter: "forgetful", seed: 7 });
    const broken = themes.flatMap((theme) => theme.failed);
    expect(broken).toHaveLength(failed);
    expect(broken.length).toBeGreaterThan(0);
    expect(broken[0]).toEqual({
      mode: expect.any(String),
      case: expect.any(String),
      reason: expect.stringMatching(/./),
    });
    expect(JSON.parse(stderr)).toEqual({
      error: expect.objectContaining({
        code: "INCOMPLETE",
        hint: expect.stringMatching(/^holdfast certify .+ --theme ".+" --seed 7$/),
      }),
    });
  });

  it("shows a command that can be pasted, for a path with spaces too", async () => {
    file = `./my adapter-${modules}.mjs`;
    await space.write(
      file,
      'export const harness = { name: "none", open: () => Promise.reject(new Error("no store")) };',
    );
    const { stderr } = await space.json(["certify", file, "--theme", "errors", "--mode", "plain", "--seed", "7"]);
    expect(JSON.parse(stderr).error.hint).toMatch(
      /^holdfast certify (['"])\.\/my adapter-\d+\.mjs\1 --theme "errors" --seed 7$/,
    );
  });

  it("gives each step of a case the time that --timeout says, also when it is tried again", async () => {
    await space.write(
      file,
      'export const harness = { name: "stuck", open: () => new Promise(() => undefined), timeout: 1 };',
    );
    const options = ["--theme", "errors", "--mode", "plain", "--seed", "7"];
    const stuck = async (...timeout: string[]) => {
      const { value, stderr } = await space.json(["certify", file, ...options, ...timeout]);
      return { reason: (value as Found).themes[0]?.failed[0]?.reason, hint: JSON.parse(stderr).error.hint };
    };
    expect(await stuck()).toEqual({
      reason: expect.stringMatching(/^opening the store was not done after 1 ms: .+ a longer `timeout`/),
      hint: expect.stringMatching(/ --seed 7$/),
    });
    expect(await stuck("--timeout", "1s")).toEqual({
      reason: expect.stringMatching(/^opening the store was not done after 1000 ms/),
      hint: expect.stringMatching(/ --seed 7 --timeout 1s$/),
    });
  });

  it.each([
    ["a rejection that nobody waits for", 'Promise.reject(new Error("stray"))'],
    ["an event that throws", 'setTimeout(() => new EventEmitter().emit("error", new Error("stray")))'],
  ])("fails the case at hand for %s, and tells of all others", async (_, stray) => {
    await space.write(file, straying(stray));
    const options = ["--theme", "errors", "--theme", "capabilities", "--mode", "plain", "--json"];
    const { code, stdout, stderr } = await space.process(["certify", file, ...options]);
    expect(code).toBe(1);
    const { themes, passed } = JSON.parse(stdout) as Found;
    const reasons = themes.flatMap(({ failed }) => failed.map(({ reason }) => reason));
    const outside = /^outside of any call, the adapter threw: stray, at .*adapter-\d+\.mjs:\d+:\d+\)$/;
    expect(reasons[0]).toMatch(outside);
    // What opens no adapter stands as it is.
    expect(passed).toBeGreaterThan(0);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "INCOMPLETE" } });
  });

  it.each([
    [[], /^holdfast: the adapter left open what keeps its process, .+ — try: its `close`, .+\n$/m],
    [["--json"], /^$/],
  ])("ends although the adapter left something open, and says so (%j)", async (json, said) => {
    await space.write(file, straying("setInterval(() => undefined, 1000)"));
    const { code, stderr } = await space.process(["certify", file, "--theme", "errors", "--mode", "plain", ...json]);
    expect(code).toBe(0);
    expect(stderr).toMatch(said);
  });

  it("says nothing of what an adapter that closes all keeps open", async () => {
    await space.write(file, straying(""));
    const { code, stderr } = await space.process(["certify", file, "--theme", "errors", "--mode", "plain"]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^(certify: .*\n)*$/);
  });

  it.each(["5", "0s", "25d", "5 m", "-1s"])("refuses a --timeout of %j", async (time) => {
    await space.write(file, ON_SQLITE);
    const { code, stderr } = await space.run(["certify", file, `--timeout=${time}`]);
    expect(code).toBe(2);
    expect(stderr).toContain("It is not a time from 1s to 24d, such as 90s or 15m");
  });

  it.each([
    ["export const a = 1;", /exports neither a harness nor what makes an adapter/],
    ["export default () => ({});", /what .+ makes is no adapter: it has no spi, no open, no capabilities, which are/],
    ["export default () => undefined;", /what .+ makes is no adapter: it is undefined/],
    [
      "export default () => ({ spi: 1, open() {}, capabilities: undefined });",
      /no adapter: it has no capabilities, which/,
    ],
    [
      "export default async () => { undefinedThing(); };",
      /no adapter: it is a promise, and what takes time belongs into/,
    ],
    [
      "export default () => { undefinedThing(); };",
      /threw as it made an adapter: undefinedThing is not defined — try: again/,
    ],
    [
      "export default () => ({ spi: 1, open() {}, get capabilities() { throw null; } });",
      /threw as it made an adapter: null — try/,
    ],
    ["export default", /cannot be loaded/],
    ["export default () => undefined; export const forgetFeed = true;", /exports a forgetFeed that is no function/],
  ])("refuses a module that is %j", async (source, message) => {
    await space.write(file, source);
    const { code, stderr, stdout } = await space.run(["certify", file]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(message);
  });

  it.each([
    ["--theme", "kyes", /there is no theme "kyes" — try: one of: capabilities; /],
    ["--mode", "upside down", /there is no mode "upside down" — try: one of: plain; /],
  ])("refuses a name that the suite does not have (%s)", async (option, name, message) => {
    await space.write(file, ON_SQLITE);
    const { code, stderr } = await space.run(["certify", file, option, name]);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  it.each([
    [["--theme", "keys", "--mode", "compressed"], "keys"],
    [["--theme", "batch", "--theme", "keys", "--mode", "compressed"], "keys"],
  ])("refuses a subject that no chosen mode has (%j)", async (options, theme) => {
    await space.write(file, ON_SQLITE);
    const { code, stdout, stderr } = await space.run(["certify", file, ...options]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(
      `nothing about "${theme}" runs in the mode "compressed" — try: one of: plain; in a namespace\n`,
    );
  });

  it("ends after the case at hand when it is interrupted, and leaves no store behind", async () => {
    await space.write(file, FORGETFUL);
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const code = await run(["certify", file], { stdin, stdout, stderr }, AbortSignal.abort());
    expect(code).toBe(130);
    expect(String(stderr.read())).toMatch(/^holdfast: interrupted/);
    expect(await readdir(space.folder)).toEqual([basename(file)]);
  });
});
