import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { openStorage, StorageError } from "@holdfast/core";
import {
  type FileSystemPort,
  filesystemOn,
  type Internals,
  nodeFileSystem,
  realInternals,
} from "@holdfast/filesystem/port";
import type { Statement } from "@holdfast/sqlite/item-table";
import { describe, expect, it } from "vitest";
import { lateAfter } from "./support/late-flushes.js";
import { failure } from "./support/planted.js";
import { filesIn, openRoot, openRootOn, readText, temporaryRoot, until, writeText } from "./support/roots.js";

/** The real files, with some calls replaced while `on` is true. */
function failing(replace: (real: FileSystemPort) => Partial<FileSystemPort>): { files: FileSystemPort; on: boolean } {
  const control: { files: FileSystemPort; on: boolean } = { files: nodeFileSystem, on: false };
  const planted = { ...nodeFileSystem, ...replace(nodeFileSystem) };
  control.files = new Proxy(nodeFileSystem, {
    get: (_, name: keyof FileSystemPort) => (control.on ? planted[name] : nodeFileSystem[name]),
  });
  return control;
}

const unsynced = () =>
  failing(() => ({
    fsyncTogether: async (descriptors) =>
      descriptors.map((): PromiseRejectedResult => ({ status: "rejected", reason: failure("EIO", "fsync") })),
    fsync: () => {
      throw failure("EIO", "fsync");
    },
  }));

describe("a directory below the root that is another file system", () => {
  /** As the system does, refuses to move files into `there` from anywhere else. */
  const mounted = (there: string): FileSystemPort => ({
    ...nodeFileSystem,
    rename(from, to) {
      const [source, target] = [from, to].map((path) => realpathSync(dirname(path)));
      if (target?.endsWith(there) && source !== target) throw failure("EXDEV", "rename");
      nodeFileSystem.rename(from, to);
    },
  });

  it.each([
    ["small", 10],
    ["large", 100_000],
  ])("has its %s files too", async (_, size) => {
    const root = temporaryRoot();
    const storage = await openRootOn({ files: mounted("/far") }, root);
    for (const n of [1, 2]) {
      await storage.save("far/a", new Uint8Array(size).fill(n));
      await storage.flush();
      expect(new Uint8Array(readFileSync(join(root, "far/a.bin")))).toEqual(new Uint8Array(size).fill(n));
      expect(filesIn(root)).toEqual(["far/a.bin", "far/a.meta.json"]);
      expect(readdirSync(join(root, ".holdfast/temps"))).toEqual([]);
    }
    expect((await storage.verify()).problems).toEqual([]);
  });
});

describe("an fsync that fails", () => {
  it("once while mirroring is followed by one new temp", async () => {
    const root = temporaryRoot();
    let failures = 0;
    const control = failing((real) => ({
      fsyncTogether: async (descriptors) => {
        if (failures++ > 0) return real.fsyncTogether(descriptors);
        return descriptors.map((): PromiseRejectedResult => ({ status: "rejected", reason: failure("EIO", "fsync") }));
      },
    }));
    control.on = true;
    const storage = await openRootOn({ files: control.files }, root);
    await storage.save("a", 1);
    await storage.flush();
    expect(failures).toBe(2);
    expect(readText(root, "a.json")).toBe("1");
    await storage.save("a", 2);
    await storage.flush();
    expect(readText(root, "a.json")).toBe("2");
  });

  it("twice makes the storage read only, and loses nothing", async () => {
    const root = temporaryRoot();
    const control = unsynced();
    const storage = await openStorage(filesystemOn({ ...realInternals, files: control.files }, { root }));
    await storage.save("a", 1);
    await storage.flush();
    control.on = true;
    await storage.save("a", 2);
    await until(async () => {
      // The mirror waits for a moment without a save.
      await new Promise((resolve) => setTimeout(resolve, 30));
      return storage.save("b", 1).then(
        () => false,
        (error) => StorageError.is(error, "UNAVAILABLE"),
      );
    });
    await expect(storage.flush()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(storage.delete("a")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(storage.saveStream("c", new Blob(["x"]).stream())).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(await storage.load("a")).toBe(2);
    expect(readText(root, "a.json")).toBe("1");
    await expect(storage.close()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    const again = await openRoot(root);
    expect(await again.load("a")).toBe(2);
    await again.flush();
    expect(readText(root, "a.json")).toBe("2");
  });

  it("twice ends a flush that is under way, which will not be done", async () => {
    const control = unsynced();
    const internals = { ...realInternals, files: control.files };
    const storage = await openStorage(filesystemOn(internals, { root: temporaryRoot(), flushTimeout: 600_000 }));
    control.on = true;
    await storage.save("a", 1);
    await expect(storage.flush()).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: false });
    await expect(storage.close()).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  it("of a large body refuses that save alone", async () => {
    const root = temporaryRoot();
    const control = unsynced();
    const storage = await openRootOn({ files: control.files }, root, {}, { retry: false });
    await storage.save("big", new Uint8Array(100_000));
    await storage.flush();
    control.on = true;
    await expect(storage.save("big", new Uint8Array(200_000))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    control.on = false;
    expect(await storage.load("big")).toEqual(new Uint8Array(100_000));
    await storage.save("big", new Uint8Array(300_000));
    await storage.flush();
    expect((await storage.verify()).problems).toEqual([]);
  });
});

describe("a quarantine that takes nothing", () => {
  it("sets back the key whose file belongs there, and no other", async () => {
    const root = temporaryRoot();
    let attempts = 0;
    const control = failing((real) => ({
      openNew(path) {
        if (!path.includes("/quarantine/")) return real.openNew(path);
        attempts++;
        throw failure("ENOSPC", "open");
      },
    }));
    control.on = true;
    const storage = await openRootOn({ files: control.files }, root, { watch: false });
    await storage.save("a", 1);
    await storage.flush();
    writeText(root, "a.json", "{ damaged");
    await storage.save("a", 2);
    await storage.save("b", 2);
    await until(() => filesIn(root).includes("b.json"));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(attempts).toBeLessThan(10);
    control.on = false;
    await storage.flush();
    expect(readText(root, "a.json")).toBe("2");
  });
});

describe("a disk that is full", () => {
  const full = () =>
    failing(() => ({
      write: () => {
        throw failure("ENOSPC", "write");
      },
    }));

  it("leaves what was saved pending, says so, and goes on when there is room", async () => {
    const root = temporaryRoot();
    const control = full();
    const late = lateAfter(1);
    const storage = await openRootOn({ files: control.files }, root, late.options, late.settings);
    control.on = true;
    await storage.save("a", 1);
    await expect(storage.flush()).rejects.toMatchObject({
      code: "TIMEOUT",
      message: expect.stringMatching(/1 items? .*"a": ENOSPC/),
    });
    expect(await storage.load("a")).toBe(1);
    expect(filesIn(root)).toEqual([]);
    control.on = false;
    await storage.flush();
    expect(filesIn(root)).toEqual(["a.json", "a.meta.json"]);
  });

  it("refuses a large body with QUOTA_EXCEEDED and leaves nothing of it", async () => {
    const root = temporaryRoot();
    const control = full();
    const storage = await openRootOn({ files: control.files }, root);
    control.on = true;
    await expect(storage.save("big", new Uint8Array(100_000))).rejects.toMatchObject({ code: "QUOTA_EXCEEDED" });
    control.on = false;
    expect(await storage.exists("big")).toBe(false);
    await storage.save("big", new Uint8Array(100_000));
    await storage.flush();
    expect((await storage.verify()).problems).toEqual([]);
  });

  it("does not shorten what is written: short writes are gone on with", async () => {
    const root = temporaryRoot();
    const control = failing((real) => ({
      write: (descriptor, bytes) => real.write(descriptor, bytes.subarray(0, Math.max(1, bytes.byteLength >> 1))),
      read: (descriptor, into, position) =>
        real.read(descriptor, into.subarray(0, 1 + (into.byteLength >> 1)), position),
    }));
    control.on = true;
    const storage = await openRootOn({ files: control.files }, root);
    const body = new Uint8Array(200_000).map((_, index) => index);
    await storage.save("big", body);
    await storage.save("small", "abc");
    await storage.flush();
    expect(await storage.load("big")).toEqual(body);
    expect(readText(root, "small.json")).toBe('"abc"');
    expect((await storage.verify()).problems).toEqual([]);
  });
});

describe("a commit whose outcome is not known", () => {
  it.each(["save", "saveStream"] as const)(
    "leaves the large body of a %s to whoever finds it committed",
    async (how) => {
      const root = temporaryRoot();
      let failing = false;
      const openDatabase: Internals["openDatabase"] = async (options) => {
        const { connection, identity } = await realInternals.openDatabase(options);
        // The commit takes effect, and nobody is told so.
        const commit = (statement: Statement<never>): Statement<never> => ({
          ...statement,
          run() {
            const result = statement.run();
            if (failing) throw Object.assign(new Error("planted"), { code: "SQLITE_IOERR" });
            return result;
          },
        });
        const prepare = <Row>(sql: string) => {
          const statement = connection.prepare<Row>(sql);
          return sql === "COMMIT" ? (commit(statement as Statement<never>) as Statement<Row>) : statement;
        };
        const planted = new Proxy(connection, {
          get: (target, name) => {
            if (name === "prepare") return prepare;
            const value: unknown = Reflect.get(target, name, target);
            return typeof value === "function" ? value.bind(target) : value;
          },
        });
        return { connection: planted, identity };
      };
      const storage = await openRootOn({ openDatabase }, root, { watch: false }, { retry: false });
      await storage.save("big", new Uint8Array(100_000));
      await storage.flush();
      failing = true;
      const body = new Uint8Array(200_000).fill(1);
      const saving = how === "save" ? storage.save("big", body) : storage.saveStream("big", new Blob([body]).stream());
      await expect(saving).rejects.toMatchObject({ code: "UNAVAILABLE" });
      failing = false;
      expect(await storage.load("big")).toEqual(body);
      await storage.flush();
      expect((await storage.verify()).problems).toEqual([]);
    },
  );

  it("that is refused for certain leaves nothing of the body", async () => {
    const root = temporaryRoot();
    const storage = await openRoot(root, { watch: false });
    const body = new Uint8Array(200_000);
    await storage.save("big", body);
    await storage.flush();
    await expect(storage.save("big", body, { ifVersion: null })).rejects.toMatchObject({ code: "CONFLICT" });
    await expect(
      storage.batch([{ type: "save", key: "big", data: body, options: { ifVersion: null } }]),
    ).rejects.toMatchObject({ code: "CONFLICT" });
    expect(readdirSync(join(root, ".holdfast/bodies"))).toEqual([]);
  });
});

describe("a file that somebody holds", () => {
  it("leaves its item pending and no other, and is written when it is free", async () => {
    const root = temporaryRoot();
    const control = failing((real) => ({
      rename: (from, to) => {
        if (to.endsWith("/held.json")) throw failure("EBUSY", "rename");
        real.rename(from, to);
      },
    }));
    const late = lateAfter(3);
    const storage = await openRootOn({ files: control.files }, root, late.options, late.settings);
    await storage.save("held", 1);
    await storage.flush();
    control.on = true;
    await storage.save("held", 2);
    await storage.save("free", 2);
    await expect(storage.flush()).rejects.toMatchObject({ code: "TIMEOUT" });
    expect(readText(root, "free.json")).toBe("2");
    expect(readText(root, "held.json")).toBe("1");
    expect(await storage.load("held")).toBe(2);
    control.on = false;
    await storage.flush();
    expect(readText(root, "held.json")).toBe("2");
  });
});

describe("back-pressure", () => {
  it("holds saves up while the mirror is far behind, and lets them go on with it", async () => {
    const root = temporaryRoot();
    const control = failing(() => ({
      rename: () => {
        throw failure("EBUSY", "rename");
      },
    }));
    const storage = await openRootOn({ files: control.files }, root, { maxPending: 20, lockTimeout: 60_000 });
    control.on = true;
    for (let n = 0; n < 20; n++) await storage.save(`k${n}`, n);
    let done = false;
    const late = storage.save("late", 1).then(() => {
      done = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(done).toBe(false);
    control.on = false;
    await storage.flush();
    await late;
    await Promise.all(Array.from({ length: 200 }, (_, n) => storage.save(`many${n}`, n)));
    expect(Number((await storage.getInfo()).details["pending"])).toBeLessThanOrEqual(20);
  });

  it("counts every item of a batch", async () => {
    const root = temporaryRoot();
    const control = failing(() => ({
      rename: () => {
        throw failure("EBUSY", "rename");
      },
    }));
    const options = { maxPending: 20, lockTimeout: 50 };
    const storage = await openRootOn({ files: control.files }, root, options, { retry: false });
    control.on = true;
    const items = Array.from({ length: 30 }, (_, n) => ({ type: "save", key: `k${n}`, data: n }) as const);
    await storage.batch(items);
    await expect(storage.save("late", 1)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    control.on = false;
    await storage.flush();
    await storage.save("late", 1);
  });

  it("ends in UNAVAILABLE where nothing moves on", async () => {
    const root = temporaryRoot();
    const control = failing(() => ({
      rename: () => {
        throw failure("EBUSY", "rename");
      },
    }));
    const options = { maxPending: 5, lockTimeout: 50 };
    const storage = await openRootOn({ files: control.files }, root, options, { retry: false });
    control.on = true;
    for (let n = 0; n < 5; n++) await storage.save(`k${n}`, n);
    await expect(storage.save("late", 1)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(await storage.exists("late")).toBe(false);
    control.on = false;
    await storage.flush();
  });
});
