import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);
const WORKSPACE = join(import.meta.dirname, "../../..");

/** An app's folder into which packages are installed as they are published: from packed tarballs. */
export class PackedApp implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** `packages`: folders below `packages/`, each with what it depends on among them. */
  static async install(packages: readonly string[]): Promise<PackedApp> {
    const app = new PackedApp(await mkdtemp(join(tmpdir(), "holdfast-installed-")));
    await Promise.all(packages.map((name) => app.#unpack(name)));
    return app;
  }

  /** Runs a module of the app's, with what it prints. */
  async run(file: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
    const { stdout } = await execute(process.execPath, [file], { cwd: this.folder, env: { ...process.env, ...env } });
    return stdout.trim();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }

  async #unpack(name: string): Promise<void> {
    const source = join(WORKSPACE, name);
    const tarball = join(this.folder, `${name}.tgz`);
    await execute("pnpm", ["pack", "--out", tarball], { cwd: source, shell: process.platform === "win32" });
    const unpacked = await mkdtemp(join(this.folder, `${name}-`));
    await execute("tar", ["-xzf", tarball, "-C", unpacked]);
    const manifest = JSON.parse(await readFile(join(unpacked, "package", "package.json"), "utf8")) as {
      name: string;
      dependencies?: Record<string, string>;
    };
    await this.#place(manifest.name, join(unpacked, "package"));
    for (const [dependency, range] of Object.entries(manifest.dependencies ?? {})) {
      if (range.startsWith("workspace:")) throw new Error(`${manifest.name} is packed with ${dependency} ${range}`);
      // What others publish is where the workspace has it; our own packages come from tarballs only.
      if (dependency.startsWith("@holdfast/")) continue;
      await this.#place(dependency, join(source, "node_modules", dependency));
    }
  }

  async #place(name: string, target: string): Promise<void> {
    const place = join(this.folder, "node_modules", name);
    await mkdir(dirname(place), { recursive: true });
    await symlink(target, place, "junction").catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  }
}
