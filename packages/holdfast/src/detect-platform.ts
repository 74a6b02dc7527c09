import { filesOfUser } from "#platform";
import { cloudScheme } from "./adapter-registry.js";

/** Where an app runs, by what can be kept there. */
export type Platform = "desktop" | "browser" | "cloud" | "test";

export interface Detected {
  /** Undefined: nothing can be kept here. */
  readonly platform: Exclude<Platform, "test"> | undefined;
  /** In words that follow "because". */
  readonly because: string;
}

/** What this platform can do decides, not what it calls itself: names change, and runtimes borrow them from each other. */
export async function detectPlatform(): Promise<Detected> {
  const files = await filesOfUser();
  if (files.able) return { platform: "desktop", because: files.because };
  if (typeof globalThis.indexedDB?.open === "function") {
    return { platform: "browser", because: `${files.because}, and there is IndexedDB` };
  }
  const cloud = cloudScheme();
  const neither = `${files.because} and no IndexedDB`;
  if (cloud !== undefined) return { platform: "cloud", because: `${neither}, and ${cloud}: is registered` };
  return { platform: undefined, because: `${neither}, and no cloud adapter is registered` };
}
