import { chmod, mkdir, readFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { listAdapters } from "holdfast";
import { describe, expect, it } from "vitest";
import { readPage } from "./support/pages.ts";
import { useWorkspace } from "./support/workspace.ts";

const space = useWorkspace();
const COMMANDS = [
  ...["import", "export", "ls", "get", "put", "rm", "search", "log", "diff", "restore", "watch"],
  ...["migrate", "schema", "verify", "doctor", "cloud"],
];

describe("holdfast", () => {
  it("prints its version", async () => {
    const { version } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8")) as {
      version: string;
    };
    expect(await space.run(["--version"])).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it("lists its commands, and for no command fails with them", async () => {
    const help = await space.run(["--help"]);
    expect(help).toMatchObject({ code: 0, stderr: "" });
    for (const command of COMMANDS) expect(help.stdout).toMatch(new RegExp(`^  ${command} `, "m"));
    const nothing = await space.run([]);
    expect(nothing).toMatchObject({ code: 2, stdout: "" });
    expect(nothing.stderr).toBe(`${help.stdout}holdfast: a command is needed — try: holdfast --help\n`);
  });

  it("knows the stores that its page and its help list", async () => {
    const { stdout } = await space.run(["--help"]);
    const page = await readPage("cli");
    const table = page.slice(page.indexOf("| URL | store |"), page.indexOf("The rules, which"));
    const schemes = (await listAdapters()).map(({ scheme }) => scheme);
    expect(schemes).toContain("supabase");
    for (const scheme of schemes) {
      expect(table).toMatch(new RegExp(`^\\| .*\`${scheme}:.* \\|`, "m"));
      expect(stdout).toMatch(new RegExp(`^  ${scheme}:`, "m"));
    }
  });

  it.each(COMMANDS)("explains %s with examples", async (command) => {
    const { code, stdout, stderr } = await space.run([command, "--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`Usage: holdfast ${command}`);
    expect(stdout).toMatch(new RegExp(`Examples:\n(?:.*# .*\n)*  .*holdfast ${command} .*# `));
    expect(stdout).toContain("--json");
    expect((await space.run(["help", command])).stdout).toBe(stdout);
  });

  it("takes a realm wherever it takes keys", async () => {
    const below = ["keys ls", "keys rotate", "keys reencrypt", "schema migrate"];
    const secrets = ["set", "get", "ls", "rm"].map((name) => `secret ${name}`);
    let taking = 0;
    for (const command of [...COMMANDS, ...below, ...secrets]) {
      const { stdout } = await space.run([...command.split(" "), "--help"]);
      expect(stdout.includes("--realm <name>"), command).toBe(stdout.includes("--keys <source>"));
      expect(stdout.includes("--to-realm <name>"), command).toBe(stdout.includes("--to-keys <source>"));
      if (stdout.includes("--keys <source>")) taking++;
    }
    expect(taking).toBe(20);
  });

  it.each<[string[], number, string]>([
    [["frobnicate"], 2, "unknown command 'frobnicate' — try: holdfast --help"],
    [["lss"], 2, "unknown command 'lss' — try: holdfast ls"],
    [["lss", "get"], 2, "unknown command 'lss' — try: holdfast ls\n"],
    [["keys", "list", "sqlite:./x.db"], 2, "unknown command 'list' — try: holdfast keys ls\n"],
    [["secret", "list"], 2, "unknown command 'list' — try: holdfast secret ls\n"],
    [["qqqqqq", "ls"], 2, "unknown command 'qqqqqq' — try: holdfast --help\n"],
    [["--frob"], 2, "unknown option '--frob' — try: holdfast --help"],
    [["ls", "memory:", "--lmit", "3"], 2, "unknown option '--lmit' — try: --limit"],
    [["ls"], 2, "missing required argument 'store' — try: holdfast ls --help"],
    [["get", "memory:"], 2, "missing required argument 'key' — try: holdfast get --help"],
    [["ls", "memory:", "a", "b"], 2, "too many arguments for 'ls'"],
    [["ls", "memory:", "--limit"], 2, "option '--limit <count>' argument missing"],
    [["ls", "app.db"], 2, '"app.db" is no store URL'],
    [["ls", "redis:x"], 2, "there is no adapter for redis:; known are memory: (@holdfast/memory), sqlite:"],
    [["ls", "sqlite:a?durabilty=x"], 2, 'sqlite: has no option "durabilty"; known are durability'],
    [["ls", "sqlite:a%"], 2, "written %25"],
    [["ls", "sqlite:no.db"], 3, "there is no store at sqlite:no.db"],
    [["export", "sqlite:no.db", "out"], 3, "there is no store at sqlite:no.db"],
    [["rm", "sqlite:no.db", "a"], 3, "there is no store at sqlite:no.db"],
    [["search", "sqlite:no.db"], 3, "there is no store at sqlite:no.db"],
    [["log", "sqlite:no.db", "a"], 3, "there is no store at sqlite:no.db"],
    [["diff", "sqlite:no.db", "a"], 3, "there is no store at sqlite:no.db"],
    [["restore", "sqlite:no.db", "a", "1"], 3, "there is no store at sqlite:no.db"],
    [["watch", "sqlite:no.db"], 3, "there is no store at sqlite:no.db"],
    [["schema", "status", "sqlite:no.db"], 3, "there is no store at sqlite:no.db"],
    [["keys", "rotate", "memory:"], 2, "'-k, --keys <source>' not specified — try: holdfast keys rotate --help"],
    [["-q", "secret", "set"], 2, "holdfast secret set --help"],
    [["schema", "frob"], 2, "unknown command 'frob' — try: holdfast schema --help"],
    [["schema", "migrate", "memory:"], 2, "required option '--module <file>' not specified"],
    [["verify", "sqlite:no.db"], 3, "there is no store at sqlite:no.db"],
    [["migrate", "sqlite:no.db", "memory:"], 3, "there is no store at sqlite:no.db"],
    [["import", "no-folder", "sqlite:no.db"], 3, "there is no file or folder no-folder"],
    [["import", "no\n folder", "sqlite:no.db"], 3, "there is no file or folder no folder — try: "],
    [["put", "sqlite:text.txt", "a", "--value", "1"], 6, "not a SQLite database"],
    [["ls", "sqlite:text.txt"], 6, "not a SQLite database"],
    [["ls", "sqlite:empty.txt"], 3, "there is no store at sqlite:empty.txt"],
    [["ls", "sqlite:."], 2, "directory"],
  ])("answers %j with exit code %i in one line that names the next step", async (args, exitCode, message) => {
    await space.write(
      "text.txt",
      "This is plain text, and long enough that it could hold the header of a database.\n".repeat(9),
    );
    await space.write("empty.txt", "");
    const { code, stdout, stderr } = await space.run(args);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^holdfast: [^\n]+ — try: [^\n]+\n$/);
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: "" });
    expect(await readFile(space.path("text.txt"), "utf8")).toContain("This is plain text");
    expect(await readFile(space.path("empty.txt"), "utf8")).toBe("");
  });

  it("tells errors as JSON with --json, wherever the flag stands and also when the command line is wrong", async () => {
    const shape = { message: expect.any(String), hint: expect.any(String) };
    const cases: [string[], object][] = [
      [["ls", "sqlite:no.db", "--json"], { ...shape, code: "NOT_FOUND", exitCode: 3, retryable: false }],
      [["--json", "ls", "redis:"], { ...shape, code: "INVALID_OPTION", exitCode: 2, retryable: false }],
      [["ls", "--json", "--frob"], { ...shape, code: "USAGE", exitCode: 2, retryable: false }],
      [["--json", "frob"], { ...shape, code: "USAGE", exitCode: 2, retryable: false }],
      [["--json"], { ...shape, code: "USAGE", exitCode: 2, retryable: false }],
      [["keys", "--json"], { ...shape, code: "USAGE", exitCode: 2, retryable: false }],
    ];
    for (const [args, error] of cases) {
      const { stdout, stderr } = await space.run(args);
      expect(stdout).toBe("");
      expect(JSON.parse(stderr)).toEqual({ error });
      expect(stderr.trimEnd()).not.toContain("\n");
    }
  });

  it("shows a stack only with --verbose", async () => {
    const quiet = await space.run(["ls", "redis:"]);
    expect(quiet.stderr).not.toMatch(/^\s+at /m);
    const verbose = await space.run(["ls", "redis:", "--verbose"]);
    expect(verbose.code).toBe(2);
    expect(verbose.stderr).toMatch(/^holdfast: /);
    expect(verbose.stderr).toMatch(/^\s+at /m);
    const json = await space.run(["ls", "redis:", "--verbose", "--json"]);
    expect(JSON.parse(json.stderr).error.stack).toMatch(/^\s+at /m);
  });

  it("fails with exit code 8 where nothing may be written", async () => {
    const folder = await readOnlyFolder();
    const { code, stderr } = await space.run(["put", `sqlite:${folder}/app.db`, "a", "--value", "1"]);
    expect(stderr).toMatch(
      /^holdfast: .*permission.* — try: as a user who may read and write there, or another place\n$/,
    );
    expect(code).toBe(8);
  });

  it("fails with exit code 7 when another process holds the store", async () => {
    await space.run(["put", "sqlite:app.db", "a", "--value", "1"]);
    const holder = new DatabaseSync(space.path("app.db"));
    try {
      holder.exec("BEGIN IMMEDIATE");
      const { code, stderr } = await space.process(["put", "sqlite:app.db?lockTimeout=1", "a", "--value", "2"]);
      expect(stderr).toContain(" — try: again when the other program has closed the store\n");
      expect(code).toBe(7);
    } finally {
      holder.close();
    }
  });
});

/** A folder that exists and that nobody can write to: root can everywhere but in the kernel's own file system. */
async function readOnlyFolder(): Promise<string> {
  if (process.platform === "linux" && process.getuid?.() === 0) return "/sys";
  await mkdir(space.path("locked"));
  await chmod(space.path("locked"), 0o555);
  return space.path("locked");
}
