import { compareKeys } from "@holdfast/core";
import { equal } from "../assert.js";
import { keysOf } from "../collect.js";
import type { Theme } from "../suite.js";

/** The last letters before a gap or the end of all code points, and their neighbours. */
const EDGES = [
  "\u007e",
  "\u00a0",
  "\u07ff",
  "\u0800",
  "\ud7ff",
  "\ue000",
  "\uffff",
  "\u{10000}",
  "\u{1ffff}",
  "\u{10ffff}",
];

/** Where ranges of letters end and where instants are rounded. */
export const edges: Theme = {
  name: "edges",
  cases: [
    {
      name: "a prefix that ends at an edge of the code points starts exactly its keys",
      async run(context) {
        const storage = await context.open();
        const keys = EDGES.flatMap((edge) => [edge, `${edge}${edge}`, `${edge}x`, `k${edge}`, `k${edge}\u{10ffff}`]);
        await Promise.all(keys.map((key) => storage.save(key, 1)));
        for (const prefix of ["k", ...keys]) {
          const expected = keys.filter((key) => key.startsWith(prefix)).sort(compareKeys);
          const what = `below ${JSON.stringify(prefix)}`;
          equal(keysOf(await storage.list(prefix)), expected, `listed ${what}`);
          equal(keysOf(await storage.search({ prefix })), expected, `found ${what}`);
          equal(await storage.count({ prefix }), expected.length, `counted ${what}`);
        }
      },
    },
    {
      name: "instants are kept to the millisecond",
      async run(context) {
        const storage = await context.open();
        for (const milliseconds of [1, 998, 499]) {
          context.clock.advance(milliseconds);
          const key = `k${milliseconds}`;
          const expiration = context.clock.in(86_400_001);
          const instant = context.clock.in(0);
          const item = await storage.save(key, 1, { expiration });
          equal([item.created, item.modified, item.expiration], [instant, instant, expiration], "what save returned");
          equal(await storage.stat(key), item, "stat");
          equal(await storage.list(key), [item], "list");
        }
      },
    },
  ],
};
