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

/** What the contract says, written once more in the fewest words: a map, and expired means absent. */
export class Model {
  readonly #items = new Map<string, ModelItem>();
  /** A version of each key that no longer stands. */
  readonly #outdated = new Map<string, string>();
  /** The greatest version that was ever told. */
  #lastVersion = "";

  find(key: string, now: number): ModelItem | undefined {
    const item = this.#items.get(key);
    return item !== undefined && (item.expires === undefined || item.expires > now) ? item : undefined;
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

  /** Returns whether the version is above every one before it of this model. */
  save(key: string, item: Omit<ModelItem, "created">, now: number): boolean {
    const created = this.find(key, now)?.created ?? now;
    this.#retire(key);
    this.#items.set(key, { ...item, created });
    const rises = item.version > this.#lastVersion;
    if (rises) this.#lastVersion = item.version;
    return rises;
  }

  delete(key: string, now: number): boolean {
    const wasThere = this.find(key, now) !== undefined;
    if (wasThere) {
      this.#retire(key);
      this.#items.delete(key);
    }
    return wasThere;
  }

  /** Returns how many had expired. */
  sweep(now: number): number {
    const expired = [...this.#items.keys()].filter((key) => this.find(key, now) === undefined);
    for (const key of expired) {
      this.#retire(key);
      this.#items.delete(key);
    }
    return expired.length;
  }

  #retire(key: string): void {
    const item = this.#items.get(key);
    if (item !== undefined) this.#outdated.set(key, item.version);
  }
}
