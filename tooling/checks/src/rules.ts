/** What a workspace package may stand on at run time. A package that is not named here is refused until it is. */
export interface PackageRule {
  /** Workspace packages it may depend on and import; a path after the name narrows it to that entry. */
  arrows: string[];
  /** Portable packages run in browsers and workers: no Node built-in, save in the files named in `nodeFiles`. */
  portable?: { nodeFiles: string[] };
}

const everything = ["@holdfast/*", "holdfast"];

/** The arrows of docs/design.md. Nothing points the other way. */
export const rules: Record<string, PackageRule> = {
  "@holdfast/core": {
    arrows: [],
    portable: { nodeFiles: ["src/platform/node.ts", "src/platform/node-crypto.ts"] },
  },
  "@holdfast/memory": { arrows: ["@holdfast/core"], portable: { nodeFiles: [] } },
  "@holdfast/indexeddb": { arrows: ["@holdfast/core"], portable: { nodeFiles: [] } },
  "@holdfast/sqlite": { arrows: ["@holdfast/core"] },
  "@holdfast/filesystem": { arrows: ["@holdfast/core", "@holdfast/sqlite/item-table"] },
  "@holdfast/cloud": { arrows: ["@holdfast/core"], portable: { nodeFiles: [] } },
  "@holdfast/keychain": { arrows: ["@holdfast/core"] },
  // Also run in a real browser, against the adapters that live there.
  "@holdfast/conformance": {
    arrows: ["@holdfast/core"],
    portable: { nodeFiles: ["src/node/fork-peer.ts", "src/node/parent-channel.ts"] },
  },
  holdfast: {
    arrows: ["@holdfast/core", "@holdfast/memory", "@holdfast/indexeddb", "@holdfast/filesystem", "@holdfast/sqlite"],
    portable: { nodeFiles: ["src/platform/node.ts"] },
  },
  "@holdfast/cli": { arrows: everything },
  "@holdfast/demo": { arrows: everything },
  "@holdfast/playground": { arrows: everything },
  "@holdfast/examples": { arrows: everything },
  "@holdfast/docs": { arrows: [] },
  "@holdfast/browser": { arrows: ["@holdfast/vitest-preset"] },
  "@holdfast/api": { arrows: everything },
  "@holdfast/bench": { arrows: everything },
  "@holdfast/certification": { arrows: everything },
  "@holdfast/bundle": { arrows: ["@holdfast/core", "@holdfast/indexeddb"] },
  "@holdfast/crash": { arrows: everything },
  "@holdfast/supabase": { arrows: [] },
  "@holdfast/migration": { arrows: everything },
  "@holdfast/pages": { arrows: everything },
  "@holdfast/release": { arrows: everything },
  "@holdfast/checks": { arrows: [] },
  "@holdfast/mutation": { arrows: [] },
  "@holdfast/tsconfig": { arrows: [] },
  "@holdfast/vitest-preset": { arrows: [] },
};
