import type { Version } from "@holdfast/core";
import { sameLook } from "../fingerprint.js";
import type { FileSystemPort } from "../port/file-system-port.js";
import type { Intent } from "../table/file-table.js";
import { olderPairs, type Plan, type PublishPlan, type Replaced, type Seen } from "./plan.js";
import type { SavedFile, VersionFiles } from "./version-files.js";

type Kept = Replaced["kept"];

/** A data file that has a second name, and is about to lose its first. */
interface Saved {
  readonly seen: Seen & { readonly is: Intent };
  readonly file: SavedFile;
  /** Other versions that had the same bytes in the same file. */
  readonly alike: Kept;
}

/** Keeps the files of versions that are replaced, in one publication. */
export class Keeping {
  readonly #port: FileSystemPort;
  readonly #versions: VersionFiles;
  readonly #locate: (path: string) => string;
  readonly #hash: (path: string) => Promise<string | undefined>;

  /** `locate`: the path to use for a data file. `hash`: the SHA-256 of a file. */
  constructor(
    port: FileSystemPort,
    versions: VersionFiles,
    locate: (path: string) => string,
    hash: (path: string) => Promise<string | undefined>,
  ) {
    this.#port = port;
    this.#versions = versions;
    this.#locate = locate;
    this.#hash = hash;
  }

  /**
   * Gives the data file that stands a second name, so that it outlasts being replaced. `changed`: it became another while it was
   * copied, which takes longer than a second name. Undefined for a damaged file, of which there is a copy already.
   */
  save(plan: Plan, { path, stat, is }: Seen): Saved | "changed" | undefined {
    if (is === undefined) return undefined;
    const file = this.#versions.save(this.#locate(path), path, is.version, plan.keeps(is.version));
    const now = file.linked ? stat : this.#port.lstat(this.#locate(path));
    if (now === undefined || !sameLook(now, stat)) {
      this.#versions.drop(file.place);
      return "changed";
    }
    return {
      seen: { path, stat, is },
      file,
      alike: this.#alike(plan, is, this.#versions.locate(file.place), is.version),
    };
  }

  /** What has become of a data file that was replaced. */
  replaced(plan: Plan, saved: Saved | undefined): Replaced {
    if (saved === undefined) return { kept: [], raced: [] };
    const { seen, file, alike } = saved;
    const { place } = file;
    if (this.#versions.hasChanged(file, seen.stat)) {
      for (const each of alike) this.#versions.drop(each.place);
      return { kept: [], raced: [place] };
    }
    const { version, sha256 } = seen.is;
    if (plan.keeps(version)) return { kept: [{ version, place, sha256 }, ...alike], raced: [] };
    this.#versions.drop(place);
    return { kept: alike, raced: [] };
  }

  /**
   * Where the same bytes stand already, they stay: what was brought for the new version is what the former ones keep. Small ones have
   * their previous versions in the table.
   */
  beside(plan: PublishPlan, seen: Seen | undefined): Kept {
    const { body, header, names } = plan;
    if (body.from !== "file" || seen?.is === undefined) return [];
    return this.#alike(plan, { ...seen.is, ...names }, body.path, header.version);
  }

  /** Files of versions that an earlier try has replaced and kept, but not recorded. */
  async before(plan: Plan, keptNow: Kept): Promise<Kept> {
    const standing = plan.type === "publish" ? plan.header.version : undefined;
    const found: Kept[number][] = [];
    for (const { path, version, sha256 } of olderPairs(plan)) {
      if (version === standing || !plan.keeps(version) || keptNow.some((kept) => kept.version === version)) continue;
      const place = this.#versions.find(path, version);
      if (place === undefined) continue;
      if ((await this.#hash(this.#versions.locate(place))) === sha256) found.push({ version, place, sha256 });
    }
    return found;
  }

  /** Gives every version that had just these bytes in just this file one of its own, except for one of them. */
  #alike(plan: Plan, { path, sha256 }: Intent, source: string, except: Version): Kept {
    const alike = olderPairs(plan).filter(
      (pair) => pair.path === path && pair.sha256 === sha256 && pair.version !== except && plan.keeps(pair.version),
    );
    return [...new Set(alike.map(({ version }) => version))].map((version) => {
      const { place } = this.#versions.save(source, path, version, true);
      return { version, place, sha256 };
    });
  }
}
