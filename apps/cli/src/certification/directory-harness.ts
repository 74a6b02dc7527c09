import { mkdtempSync, rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Harness } from "@holdfast/conformance";
import { forkPeer } from "@holdfast/conformance/node";
import type { Capabilities, StorageAdapter } from "@holdfast/core";

/** Makes an adapter on a store in a directory of its own; called with the same directory, another one on the same store. */
export type CreateAdapter = (place: { readonly directory: string }) => StorageAdapter;

/** Makes the feed of the store in a directory forget what it holds. */
export type ForgetFeed = (place: { readonly directory: string }) => Promise<void>;

const PEER = new URL("peer.js", import.meta.url);
const PREFIX = "holdfast-certify-";

/** A harness for adapters that keep all that they have in one directory, or in memory by the directory's name. */
export function directoryHarness(file: string, create: CreateAdapter, forgetFeed: ForgetFeed | undefined): Harness {
  const { name, capabilities } = describe(create);
  const persistent = capabilities.durability !== "memory";
  return {
    name,
    async open() {
      const directory = await mkdtemp(join(tmpdir(), PREFIX));
      return {
        adapter: () => create({ directory }),
        persistent,
        // A store in memory has no second process. One that lasts has, if only to be killed and to be opened after that.
        ...(persistent || crossesProcesses(capabilities) ? { peer: () => forkPeer(PEER, [file, directory]) } : {}),
        ...(forgetFeed === undefined ? {} : { forgetFeed: () => forgetFeed({ directory }) }),
        destroy: () => rm(directory, { recursive: true, force: true }),
      };
    },
  };
}

/** Asks an adapter that is never opened; whatever it does before, it does in a directory that is there and empty. */
function describe(create: CreateAdapter): { name: string; capabilities: Capabilities } {
  const directory = mkdtempSync(join(tmpdir(), PREFIX));
  try {
    const { name, capabilities } = create({ directory });
    return { name, capabilities };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function crossesProcesses({ compareAndSet, watch }: Capabilities): boolean {
  return compareAndSet === "cross-process" || watch === "cross-process";
}
