import type { Mutant } from "./mutant.ts";

const publish = "mirror/publish.js";

/** Every fsync, ordering and loop on which acknowledged data depends that docs/filesystem.md promises, each taken away once. */
export const mutants: readonly Mutant[] = [
  {
    name: "large body without fsync",
    story: "the row is committed and acknowledged, and its body is not on the disk",
    file: "body-files.js",
    edits: [{ find: "() => this.#port.fsync(this.#descriptor)", replace: "() => undefined" }],
  },
  {
    name: "large body whose name is not fsynced",
    story: "the bytes are on the disk, under no name",
    file: "body-files.js",
    edits: [{ find: "this.#port.fsyncDirectory(join(this.#work, DIRECTORY));", replace: "" }],
  },
  {
    name: "large body that the row does not name",
    story: "an acknowledged body that nobody finds",
    file: "file-writes.js",
    edits: [{ find: "this.#parts.copies.put({ key, version, ...staged });", replace: ";" }],
  },
  {
    name: "temps without fsync",
    story: "a file under its final name, empty or torn",
    file: "mirror/unplaced.js",
    edits: [
      {
        find: "this.#port.fsyncTogether(descriptors)",
        replace: 'Promise.resolve(descriptors.map(() => ({ status: "fulfilled", value: undefined })))',
      },
    ],
  },
  {
    name: "companions without fsync of their directory",
    story: "the data file is there before the companion that tells of it",
    file: publish,
    edits: [{ find: "await this.#directories.fsync();\n        const placed", replace: "const placed" }],
  },
  {
    name: "data files without fsync of their directory",
    story: "the pair is recorded as standing, and the older one comes back",
    file: publish,
    edits: [
      { find: "await this.#directories.fsync();\n        const alone", replace: "const alone" },
      { find: "await this.#directories.fsync();\n        await this.#each(alone", replace: "await this.#each(alone" },
    ],
  },
  {
    name: "older names gone before the new pair is on the disk",
    story: "neither the old file nor the new one",
    file: publish,
    edits: [{ find: "await this.#directories.fsync();\n        const alone", replace: "const alone" }],
  },
  {
    name: "removal of older names without fsync",
    story: "a file that was replaced comes back beside the new one",
    file: publish,
    edits: [
      { find: "await this.#directories.fsync();\n        await this.#each(alone", replace: "await this.#each(alone" },
    ],
  },
  {
    name: "data before companion",
    story: "a data file that no companion tells of",
    file: publish,
    edits: [
      { find: "await this.#each(prepared, (each) => this.#announce(each))", replace: "prepared" },
      {
        find: "await this.#each(announced, (each) => this.#place(each))",
        replace:
          "await this.#each(announced, (each) => { const placed = this.#place(each); void this.#directories.fsync(); this.#announce(each); return placed; })",
      },
    ],
  },
  {
    name: "companion removed before the data",
    story: "a deleted item's file looks like one that was dropped in, and the item is back",
    file: publish,
    edits: [
      {
        find: "await this.#each(removing, ({ plan }) => this.#removeData(plan))",
        replace:
          "await this.#each(removing, ({ plan }) => { this.#removeCompanion({ plan }); void this.#directories.fsync(); return this.#removeData(plan); })",
      },
    ],
  },
  {
    name: "renames that are not followed by an fsync",
    story: "no name of a pair is on the disk when it is recorded",
    file: publish,
    edits: [
      {
        find: "this.#temps.delete(temp);\n        this.#directories.changed(path);",
        replace: "this.#temps.delete(temp);",
      },
    ],
  },
  {
    name: "removals that are not followed by an fsync",
    story: "a deleted item's file comes back when nothing tells of it any more",
    file: publish,
    edits: [
      {
        find: "this.#port.unlink(target);\n        this.#directories.changed(path);",
        replace: "this.#port.unlink(target);",
      },
    ],
  },
  {
    name: "new directory whose name is not fsynced",
    story: "files that are on the disk, in a directory that is not",
    file: "root-directory.js",
    edits: [
      {
        find: "this.changed(directory);\n",
        replace: "\n",
      },
    ],
  },
  {
    name: "new directory of its own whose name is not fsynced",
    story: "a large body in a directory that is not on the disk",
    file: "root-directory.js",
    edits: [{ find: "port.fsyncDirectory(parent);", replace: "" }],
  },
  {
    name: "writing without a loop",
    story: "a disk that takes fewer bytes than it is given leaves half of a file",
    file: "port/whole-files.js",
    edits: [{ find: "offset += written;", replace: "offset = bytes.byteLength;" }],
    shortWrites: true,
  },
  {
    name: "mirroring without a written intent",
    story: "after a crash a file of our own looks like an edit",
    file: "mirror/planner.js",
    edits: [{ find: "files.intend(key, [...others, intent]);", replace: "" }],
  },
  {
    name: "saves that are not marked for the mirror",
    story: "an acknowledged save never reaches its file",
    file: "file-writes.js",
    edits: [{ find: "        this.#parts.files.mark(key);\n    }\n", replace: "    }\n" }],
  },
  {
    name: "large previous version without fsync of its directory",
    story: "history tells of a version whose body is nowhere",
    file: "mirror/version-files.js",
    edits: [{ find: "if (isToStay)\n            this.#port.fsyncDirectory(directory);", replace: "" }],
  },
  {
    name: "row settled although a newer save came meanwhile",
    story: "a newer version is never mirrored",
    file: "mirror/mirror.js",
    edits: [{ find: "!isCurrent)", replace: "false)" }],
  },
];
