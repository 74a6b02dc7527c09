import { PassThrough, Writable } from "node:stream";
import { afterEach, describe, expect, it, vi } from "vitest";
import { run } from "../src/cli.ts";
import { useWorkspace } from "./support/workspace.ts";

const space = useWorkspace();

afterEach(() => {
  vi.unstubAllEnvs();
});

class Screen extends Writable {
  readonly isTTY = true;
  readonly columns = 100;
  shown = "";

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.shown += chunk.toString();
    this.emit("drawn");
    done();
  }
}

interface Shown {
  code: number;
  shown: string;
  messages: string;
}

/** Runs the command as on a terminal. */
async function onTerminal(
  args: readonly string[],
  interruption = new AbortController(),
  stderr = new Screen(),
): Promise<Shown> {
  const stdout = new Screen();
  const code = await run(args, { stdin: new PassThrough(), stdout, stderr }, interruption.signal);
  return { code, shown: stdout.shown, messages: stderr.shown };
}

/** The last line of a command that is interrupted as soon as it tells of its progress. */
async function interrupted(args: readonly string[]): Promise<string> {
  const interruption = new AbortController();
  const watched = new Screen();
  watched.once("drawn", () => interruption.abort());
  const { code, shown, messages } = await onTerminal(args, interruption, watched);
  expect({ code, shown }).toEqual({ code: 130, shown: "" });
  return messages.split("\u001b[K").at(-1) ?? "";
}

describe("on a terminal", () => {
  it("get lays out json, and ends text with a new line", async () => {
    await space.store("app.db", async (storage) => {
      await storage.save("json", { a: [1] });
      await storage.save("text", new TextEncoder().encode("täxt\twith\r\nlines"));
      await storage.save("yaml", { a: 1 }, { format: "yaml" });
    });
    const url = `sqlite:${space.path("app.db")}`;
    expect((await onTerminal(["get", url, "json"])).shown).toBe('{\n  "a": [\n    1\n  ]\n}\n');
    expect((await onTerminal(["get", url, "text"])).shown).toBe("täxt\twith\r\nlines\n");
    expect((await onTerminal(["get", url, "yaml"])).shown).toBe("a: 1\n");
  });

  it.each([
    ["bytes that are no text", Uint8Array.of(1, 2, 3)],
    ["an escape sequence", new TextEncoder().encode("\u001b[2J")],
    ["bytes that are not UTF-8", Uint8Array.of(0xff, 0xfe)],
    ["more than anybody reads", new Uint8Array(2_000_000).fill(97)],
  ])("get does not show %s", async (_, bytes) => {
    await space.store("app.db", (storage) => storage.save("a", bytes));
    const { code, shown, messages } = await onTerminal(["get", `sqlite:${space.path("app.db")}`, "a"]);
    expect({ code, shown }).toEqual({ code: 2, shown: "" });
    expect(messages).toMatch(/^holdfast: "a" holds .* that are not for a screen — try: --output FILE, or a pipe\n$/);
  });

  it("long work draws a bar, and an error stands on a line of its own", async () => {
    vi.stubEnv("TERM", "xterm");
    await space.store("app.db", (storage) => storage.save("a", 1));
    const { code, shown, messages } = await onTerminal(["verify", `sqlite:${space.path("app.db")}`]);
    expect({ code, shown }).toEqual({ code: 0, shown: "verified 1 item, 1 B: all is well\n" });
    const [first = "", ...drawn] = messages.split("\r\u001b[K");
    expect(first).toBe("");
    expect(drawn.length).toBeGreaterThan(1);
    expect(drawn.at(-1)).toMatch(/^verify: 1 item, 1 B in [\d.]+ m?s\n$/);
    expect(drawn.slice(0, -1).join("")).not.toContain("\n");
    const failed = await onTerminal(["import", space.path("nowhere"), `sqlite:${space.path("b.db")}`]);
    expect(failed.messages).toMatch(/^holdfast: there is no file or folder [^\n]+\n$/);
  });

  it("one that cannot redraw a line gets lines", async () => {
    vi.stubEnv("TERM", "dumb");
    await space.store("app.db", (storage) => storage.save("a", 1));
    const { code, messages } = await onTerminal(["verify", `sqlite:${space.path("app.db")}`]);
    expect({ code, messages }).toEqual({
      code: 0,
      messages: expect.stringMatching(/^verify: 1 item, 1 B in [\d.]+ m?s\n$/),
    });
  });

  it("an interrupted import says how far it came, and goes on with --conflict skip", async () => {
    for (let index = 0; index < 40; index++) await space.write(`data/${index}.txt`, `${index}`);
    const url = `sqlite:${space.path("app.db")}`;
    const message = await interrupted(["import", space.path("data"), url]);
    const last = /^holdfast: interrupted: (\d+) files? of 40 imported — try: again with --conflict skip, .+\n$/;
    const imported = Number(last.exec(message)?.[1]);
    expect(imported).toBeLessThan(40);
    const again = await space.json(["import", space.path("data"), url, "--conflict", "skip"]);
    expect(again).toMatchObject({ code: 0, value: { imported: expect.any(Number), leftOut: [] } });
    expect((await space.run(["ls", url])).stdout.split("\n").length - 1).toBe(40);
  });

  it("an interrupted import that replaces is to be done again as it was", async () => {
    for (let index = 0; index < 40; index++) await space.write(`data/${index}.txt`, `${index}`);
    const args = ["import", space.path("data"), `sqlite:${space.path("app.db")}`, "--conflict", "overwrite"];
    expect(await interrupted(args)).toMatch(/^holdfast: interrupted: \d+ files? of 40 imported — try: again\n$/);
  });

  it("an interrupted import from another library's store goes on with --conflict skip", async () => {
    for (let index = 0; index < 40; index++) await space.write(`data/${index}`, `${index}`);
    const args = ["import", space.path("data"), `sqlite:${space.path("app.db")}`, "--from", "unstorage"];
    expect(await interrupted(args)).toMatch(/^holdfast: interrupted — try: again with --conflict skip, .+\n$/);
    expect(await space.json([...args, "--conflict", "skip"])).toMatchObject({ code: 0, value: { leftOut: [] } });
    expect((await space.run(["ls", args[2] ?? ""])).stdout.split("\n").length - 1).toBe(40);
  });

  it("an interrupted export wants a new folder", async () => {
    await space.store("app.db", (storage) => storage.save("a", 1));
    const [store, folder] = [`sqlite:${space.path("app.db")}`, space.path("out")];
    const message = await interrupted(["export", store, folder]);
    expect(message).toBe(
      `holdfast: interrupted: 0 items exported to ${folder}, which is no export yet — try: again, into a new folder\n`,
    );
    expect((await space.run(["export", store, folder])).stderr).toContain("a new or empty folder");
  });

  it("search tells how much of it is shown", async () => {
    await space.store("app.db", async (storage) => {
      for (const key of ["a", "b", "c"]) await storage.save(key, 1);
    });
    const { shown } = await onTerminal(["search", `sqlite:${space.path("app.db")}`, "--limit", "2"]);
    expect(shown).toBe("a\nb\n(2 of 3)\n");
  });

  it("watch tells where to go on from when it is interrupted", async () => {
    await space.store("app.db", (storage) => storage.save("a", 1));
    const url = `sqlite:${space.path("app.db")}`;
    const interruption = new AbortController();
    const screen = new Screen();
    screen.once("drawn", () => interruption.abort());
    const streams = { stdin: new PassThrough(), stdout: screen, stderr: new Screen() };
    const code = await run(["watch", url, "--all"], streams, interruption.signal);
    expect({ code, messages: streams.stderr.shown }).toEqual({ code: 0, messages: "" });
    const [change, place] = screen.shown.split("\n");
    expect(change).toMatch(/Z {2}save {4}a$/);
    const [, cursor = ""] = /^\(go on from here with --since (\S+)\)$/.exec(place ?? "") ?? [];
    expect(await space.run(["watch", url, "--since", cursor, "--no-follow"])).toMatchObject({ code: 0, stdout: "" });
  });

  it("put says that it needs something to save, and does not wait for typing", async () => {
    const { code, messages } = await onTerminal(["put", `sqlite:${space.path("app.db")}`, "a"]);
    expect(code).toBe(2);
    expect(messages).toContain("nothing to save");
  });
});
