import { realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type FileSystemPort, nodeFileSystem } from "@holdfast/filesystem/port";
import { describe, expect, it } from "vitest";
import { openRootOn, temporaryRoot } from "./support/roots.js";

function refusal(code: string): Error {
  return Object.assign(new Error(`${code}: planted`), { code });
}

/** The real files; notes what changes names, and what is brought to the medium, in order. */
function recording(replace: Partial<FileSystemPort> = {}): { files: FileSystemPort; log: string[] } {
  const log: string[] = [];
  const paths = new Map<number, string>();
  const base = { ...nodeFileSystem, ...replace };
  const files: FileSystemPort = {
    ...base,
    openNew(path) {
      const descriptor = base.openNew(path);
      paths.set(descriptor, realpathSync(path));
      return descriptor;
    },
    fsync(descriptor) {
      base.fsync(descriptor);
      log.push(`fsync ${paths.get(descriptor)}`);
    },
    fsyncDirectory(path) {
      base.fsyncDirectory(path);
      log.push(`fsync ${realpathSync(path)}`);
    },
    rename(from, to) {
      base.rename(from, to);
      log.push(`rename ${realpathSync(to)}`);
    },
  };
  return { files, log };
}

/** Whether each of these comes in the log, one behind the other. */
function expectInOrder(log: readonly string[], steps: readonly RegExp[]): void {
  let at = 0;
  for (const step of steps) {
    const found = log.findIndex((line, index) => index >= at && step.test(line));
    expect(found, `${step} in ${JSON.stringify(log.slice(at), undefined, 1)}`).toBeGreaterThanOrEqual(at);
    at = found + 1;
  }
}

describe("a copy is on the medium, with its name, before what it was made of goes", () => {
  it("in quarantine, of a damaged file that is replaced", async () => {
    const root = temporaryRoot();
    const { files, log } = recording();
    const storage = await openRootOn({ files }, root, { watch: false });
    await storage.save("a", 1);
    await storage.flush();
    writeFileSync(join(root, "a.json"), "{");
    await storage.load("a");
    await storage.save("a", 2);
    log.length = 0;
    writeFileSync(join(root, "a.json"), "[");
    await storage.flush();
    expectInOrder(log, [/^fsync .*quarantine\/[^/]+-a\.json$/, /^fsync .*quarantine$/, /^rename .*\/a\.json$/]);
  });

  it("of an edit that gives way to the bytes of a save, where history is off", async () => {
    const root = temporaryRoot();
    const { files, log } = recording();
    const storage = await openRootOn({ files }, root, { watch: false }, { history: false });
    await storage.save("a", 1);
    await storage.flush();
    await storage.save("a", 2);
    writeFileSync(join(root, "a.json"), "3");
    log.length = 0;
    await storage.flush();
    expect(await storage.load("a")).toBe(3);
    expectInOrder(log, [/^fsync .*quarantine\/[^/]+-a\.json$/, /^fsync .*quarantine$/, /^rename .*\/a\.meta\.json$/]);
  });

  it("of a version, where files cannot be linked", async () => {
    const root = temporaryRoot();
    const { files, log } = recording({
      link: () => {
        throw refusal("EPERM");
      },
    });
    const storage = await openRootOn({ files }, root, { watch: false });
    const { version } = await storage.save("big", new Uint8Array(100_000).fill(1));
    await storage.flush();
    await storage.save("big", new Uint8Array(100_000).fill(2));
    log.length = 0;
    await storage.flush();
    expectInOrder(log, [/^fsync .*versions\/.*\.bin$/, /^fsync .*versions\/big\.bin$/, /^rename .*\/big\.bin$/]);
    expect(await storage.load("big", { version })).toEqual(new Uint8Array(100_000).fill(1));
    expect((await storage.verify()).problems).toEqual([]);
  });

  it("and an edit that comes while such a version is copied is kept as one", async () => {
    const root = temporaryRoot();
    let edit: (() => void) | undefined;
    const { files } = recording({
      link: () => {
        throw refusal("EPERM");
      },
      openToRead(path) {
        const descriptor = nodeFileSystem.openToRead(path);
        if (edit !== undefined && path.endsWith("/a.json")) reads++;
        // The file is judged by its stat alone, so that the first reading is the copy's.
        if (reads === 1) edit?.();
        return descriptor;
      },
    });
    let reads = 0;
    const storage = await openRootOn({ files }, root, { watch: false });
    await storage.save("a", 1);
    await storage.flush();
    // A fingerprint that is old enough is trusted.
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    await storage.close();
    const again = await openRootOn({ files }, root, { watch: false });
    expect(await again.load("a")).toBe(1);
    await again.save("a", 2);
    edit = () => {
      edit = undefined;
      writeFileSync(join(root, "a.json"), "33");
    };
    await again.flush();
    expect(reads).toBeGreaterThan(0);
    expect(await again.load("a")).toBe(33);
    const versions = await Promise.all((await again.history("a")).map(({ version }) => again.load("a", { version })));
    expect(versions).toEqual([2, 1]);
  });

  it("beside its place, where a file cannot be moved there", async () => {
    const root = temporaryRoot();
    const { files, log } = recording({
      rename(from, to) {
        if (realpathSync(dirname(to)).endsWith("/far") && realpathSync(dirname(from)) !== realpathSync(dirname(to))) {
          throw refusal("EXDEV");
        }
        nodeFileSystem.rename(from, to);
      },
    });
    const storage = await openRootOn({ files }, root, { watch: false });
    await storage.save("far/a", 1);
    await storage.flush();
    expectInOrder(log, [
      /^fsync .*far\/\.holdfast-[0-9a-f]+\.tmp$/,
      /^rename .*far\/a\.meta\.json$/,
      /^fsync .*far\/\.holdfast-[0-9a-f]+\.tmp$/,
      /^rename .*far\/a\.json$/,
    ]);
  });

  it("of what says which root it is, before the first item", async () => {
    const root = temporaryRoot();
    const { files, log } = recording();
    await openRootOn({ files }, root, { watch: false });
    expectInOrder(log, [/^fsync .*\.holdfast\/root\.json$/, /^fsync .*\.holdfast$/]);
  });
});
