/** The least that a page needs to store and search. */
export const PAGE = `
  import { openStorage } from "@holdfast/core";
  import { indexeddb } from "@holdfast/indexeddb";
  globalThis.open = (name) => openStorage(indexeddb({ name }));
`;

/** Core alone, for an adapter from elsewhere. */
export const CORE = `
  import { openStorage } from "@holdfast/core";
  globalThis.open = (adapter) => openStorage(adapter);
`;

/** The first, with what it loads while a store opens. */
export const OPENED = `
  import * as writing from "../../../packages/core/dist/engine/writing.js";
  import * as writer from "../../../packages/indexeddb/dist/writer.js";
  globalThis.parts = [writing, writer];
  ${PAGE}
`;
