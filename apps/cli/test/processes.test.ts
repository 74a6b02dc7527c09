import { describe, expect, it } from "vitest";
import { useWorkspace } from "./support/workspace.ts";

const space = useWorkspace();
const STORE = "sqlite:./app.db";

// The other tests run the command inside their own process. Whatever they find there holds for the real thing as long as
// every command ends by itself in a process of its own, with the same output and exit code.
describe("in a process of its own", () => {
  it.each<[command: string, args: string[], code: number]>([
    ["ls", [STORE, "--long"], 0],
    ["get", [STORE, "a"], 0],
    ["get", [STORE, "gone"], 3],
    ["search", [STORE, "words", "--json"], 0],
    ["verify", [STORE, "--json"], 0],
    ["export", ["sqlite:none.db", "out"], 3],
    ["migrate", [STORE, STORE], 2],
    ["rm", [STORE, "gone"], 3],
    ["put", [STORE, "a", "--value", "{"], 5],
    ["import", ["nowhere", STORE], 3],
    ["frob", [], 2],
  ])("%s %j says and returns the same", async (command, args, code) => {
    await space.store("app.db", async (storage) => {
      await storage.save("a", { some: "words" }, { metadata: { text: "words" } });
      await storage.save("b", new Uint8Array(2_000_000));
    });
    const real = await space.process([command, ...args]);
    expect(real.code).toBe(code);
    expect(real).toEqual(await space.run([command, ...args]));
  });

  it("ends at the first signal once its work is done, whatever keeps it", async () => {
    // Asks for the end once, as soon as the exit code is there.
    const held = `const asking = setInterval(() => {
      if (process.exitCode === undefined) return;
      clearInterval(asking);
      setInterval(() => undefined, 1000);
      process.kill(process.pid, "SIGTERM");
    }, 10);`;
    const nodeArgs = ["--import", `data:text/javascript,${encodeURIComponent(held)}`];
    expect(await space.process(["ls", "sqlite:none.db"], { nodeArgs })).toMatchObject({ code: 143, stdout: "" });
  });

  it("put, rm, import, export, migrate and doctor do their work", async () => {
    await space.write("in/a.json", "[1]");
    const work: [string[], string | RegExp][] = [
      [["put", STORE, "piped", "-"], "saved piped: 5 B, binary\n"],
      [["import", "in", STORE, "-q"], ""],
      [["rm", STORE, "piped"], "deleted piped\n"],
      [["export", STORE, "out", "-q"], ""],
      [["migrate", STORE, "sqlite:b.db", "-q"], ""],
      [["get", "sqlite:b.db", "a.json"], "[1]\n"],
      [["doctor", "sqlite:b.db"], /\S/],
    ];
    for (const [args, printed] of work) {
      const { code, stdout } = await space.process(args, { input: "bytes" });
      expect(code).toBe(0);
      expect(stdout).toMatch(printed);
    }
  });
});
