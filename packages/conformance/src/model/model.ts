import { compareKeys } from "@holdfast/core";
import type { Only } from "./commands.js";

/** What stands under a key, as the model knows it. */
export interface ModelItem {
  readonly value: unknown;
  readonly tagged: boolean;
  /** The first instant at which it is absent. */
  readonly expires: number | undefined;
  readonly created: number;
  /** As the storage told it. */
  readonly version: string;
}

/** A version that stood once. */
export interface KeptItem extends ModelItem {
  readonly replaced: number;
}

/** One write. Those of one step are told in no order that anybody promised. */
export interface Told {
  readonly step: number;
  readonly type: "save" | "delete";
  readonly key: string;
  /** Undefined: the storage did not tell it. */
  readonly version: string | undefined;
}

export interface Keeping {
  readonly versions: number;
  readonly age: number | undefined;
}

/**
 * What the contract says, written once more in the fewest words: a map, expired means absent, every write is told, and what is
 * replaced while it lives is kept.
 */
export class Model {
  /** Every write, in order. */
  readonly told: readonly Told[];
  readonly #items = new Map<string, ModelItem>();
  /** The newest first. */
  readonly #kept = new Map<string, KeptItem[]>();
  readonly #told: Told[] = [];
  readonly #keeping: Keeping;
  #step = 0;
  /** A version of each key that no longer stands. */
  readonly #outdated = new Map<string, string>();
  /** The greatest version that was ever told. */
  #lastVersion = "";

  constructor(keeping: Keeping) {
    this.#keeping = keeping;
    this.told = this.#told;
  }

  /** What is written from now on belongs to another step. */
  nextStep(): void {
    this.#step++;
  }

  find(key: string, now: number): ModelItem | undefined {
    const item = this.#items.get(key);
    return item !== undefined && isAlive(item, now) ? item : undefined;
  }

  /** The versions that are kept of a key and have not expired, the newest first. */
  history(key: string, now: number): KeptItem[] {
    return (this.#kept.get(key) ?? []).filter((item) => isAlive(item, now));
  }

  /** 0: what stands; 1: the version before it, and so on. */
  nth(key: string, nth: number, now: number): ModelItem | undefined {
    return nth === 0 ? this.find(key, now) : this.history(key, now)[nth - 1];
  }

  /** The keys that are there, in the order of a listing. */
  keys(now: number): string[] {
    return [...this.#items.keys()].filter((key) => this.find(key, now) !== undefined).sort(compareKeys);
  }

  /** What `ifVersion` must be for this precondition. Undefined: none. */
  versionFor(only: Only, key: string, now: number): string | null | undefined {
    if (only === "any") return undefined;
    if (only === "absent") return null;
    if (only === "current") return this.find(key, now)?.version ?? "none";
    return this.#outdated.get(key) ?? "none";
  }

  allows(ifVersion: string | null | undefined, key: string, now: number): boolean {
    if (ifVersion === undefined) return true;
    return (this.find(key, now)?.version ?? null) === ifVersion;
  }

  /** Returns whether the version is above every one before it of this model. `created`: where nothing stands. */
  save(key: string, item: Omit<ModelItem, "created">, now: number, created: number = now): boolean {
    const standing = this.find(key, now);
    this.#replace(key, now);
    this.#items.set(key, { ...item, created: standing?.created ?? created });
    this.#tell("save", key, item.version);
    const rises = item.version > this.#lastVersion;
    if (rises) this.#lastVersion = item.version;
    return rises;
  }

  delete(key: string, now: number): boolean {
    const wasThere = this.find(key, now) !== undefined;
    if (wasThere) {
      this.#replace(key, now);
      this.#items.delete(key);
      this.#tell("delete", key, undefined);
    }
    return wasThere;
  }

  /** Returns how many had expired. */
  sweep(now: number): number {
    const expired = [...this.#items.keys()].filter((key) => this.find(key, now) === undefined);
    for (const key of expired) {
      this.#replace(key, now);
      this.#items.delete(key);
      this.#tell("delete", key, undefined);
    }
    const { age } = this.#keeping;
    for (const [key, kept] of this.#kept) {
      const stays = (item: KeptItem) => (age === undefined ? this.#items.has(key) : now - item.replaced <= age);
      this.#kept.set(
        key,
        kept.filter((item) => isAlive(item, now) && stays(item)),
      );
    }
    return expired.length;
  }

  #tell(type: Told["type"], key: string, version: string | undefined): void {
    this.#told.push({ step: this.#step, type, key, version });
  }

  /** What lives is kept. */
  #replace(key: string, now: number): void {
    const item = this.#items.get(key);
    if (item === undefined) return;
    this.#outdated.set(key, item.version);
    if (!isAlive(item, now)) return;
    const kept = [{ ...item, replaced: now }, ...(this.#kept.get(key) ?? [])];
    this.#kept.set(key, kept.slice(0, this.#keeping.versions));
  }
}

function isAlive({ expires }: ModelItem, now: number): boolean {
  return expires === undefined || expires > now;
}
