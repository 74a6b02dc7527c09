import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);
const ROOT = resolve(import.meta.dirname, "../../..");
// Programs of npm and pnpm are scripts there that only a shell runs.
const SHELL = process.platform === "win32";
/** npm trusts whom the machine trusts, as behind a company's proxy, and gives up soon where nobody answers. */
const NPM = { shell: SHELL, env: { ...process.env, NODE_OPTIONS: "--use-system-ca" } };
const PATIENCE = ["--fetch-retries=1", "--fetch-timeout=20000"];

/** A package as it would be published. */
export interface Published {
  readonly name: string;
  /** Each import that its `exports` allow. */
  readonly entries: readonly string[];
  readonly tarball: string;
}

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, unknown>>;
}

/** All packages of this repository, packed as they would be published, and projects into which they are installed from there. */
export class Release implements AsyncDisposable {
  readonly packages: readonly Published[];
  readonly #folder: string;
  readonly #projects = new Map<string, Promise<Project>>();

  private constructor(folder: string, packages: readonly Published[]) {
    this.#folder = folder;
    this.packages = packages;
  }

  /** Packs every package that is published; each must have been built. */
  static async pack(): Promise<Release> {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-release-"));
    const packages: Published[] = [];
    for (const source of await publishedFolders()) {
      const { name, exports = {} } = await readManifest(source);
      const tarball = join(folder, `${name.replace("@", "").replace("/", "-")}.tgz`);
      await execute("pnpm", ["pack", "--out", tarball], { cwd: source, shell: SHELL });
      // A pattern names files that are no modules.
      const paths = Object.keys(exports).filter((path) => !path.includes("*"));
      const entries = paths.map((path) => name + path.slice(1));
      packages.push({ name, entries, tarball });
    }
    return new Release(folder, packages);
  }

  /** A project into which npm has installed this package alone, with all that it depends on. */
  projectWith(name: string): Promise<Project> {
    const project = this.#projects.get(name) ?? this.#install(name);
    this.#projects.set(name, project);
    return project;
  }

  async #install(name: string): Promise<Project> {
    const folder = await mkdtemp(join(this.#folder, "project-"));
    const places = new Map(this.packages.map((each) => [each.name, `file:${each.tarball}`]));
    const dependencies = { [name]: places.get(name) };
    places.delete(name);
    // What ours depend on of each other is not in any registry yet.
    const manifest = { private: true, type: "module", dependencies, overrides: Object.fromEntries(places) };
    await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
    const args = ["install", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error", ...PATIENCE];
    await execute("npm", args, { ...NPM, cwd: folder });
    return new Project(folder);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }
}

/** An app's folder. */
export class Project {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  async write(name: string, content: string): Promise<string> {
    const file = join(this.folder, name);
    await mkdir(resolve(file, ".."), { recursive: true });
    await writeFile(file, content);
    return file;
  }

  /** Runs a program in the project, with what it prints. */
  async run(program: string, ...args: readonly string[]): Promise<string> {
    const { stdout } = await execute(program, args, { cwd: this.folder });
    return stdout.trim();
  }
}

/** Whether packages of others can be had. */
export async function registryAnswers(): Promise<boolean> {
  return execute("npm", ["ping", ...PATIENCE], NPM).then(
    () => true,
    () => false,
  );
}

async function publishedFolders(): Promise<string[]> {
  const found: string[] = [];
  for (const group of ["packages", "apps"]) {
    for (const name of (await readdir(join(ROOT, group))).sort()) {
      const folder = join(ROOT, group, name);
      if (!(await readManifest(folder)).private) found.push(folder);
    }
  }
  return found;
}

async function readManifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Manifest;
}
