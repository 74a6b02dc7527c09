import { type Column, formatCount, formatTable, type Style } from "@holdfast/cli/terminal";
import type { Query, StorageEngine, StorageItem } from "holdfast";

interface ShownQuery {
  title: string;
  /** As it is written in code. */
  code: string;
  query: Query;
}

const SHOWN = 6;

const QUERIES: readonly ShownQuery[] = [
  {
    title: "By tags: landlocked countries of Africa",
    code: `search({ tags: ["Africa", "landlocked"] })`,
    query: { tags: ["Africa", "landlocked"] },
  },
  {
    title: "By words: guinea",
    code: `search({ prefix: "countries/", text: "guinea" })`,
    query: { prefix: "countries/", text: "guinea" },
  },
  {
    title: "By metadata: countries above 2,000,000 km², largest first",
    code: `search({ where: { area: { gt: 2_000_000 } }, sort: "-metadata.area" })`,
    query: { where: { area: { gt: 2_000_000 } }, sort: "-metadata.area" },
  },
];

const COLUMNS: readonly Column[] = [
  { title: "key" },
  { title: "name" },
  { title: "capital" },
  { title: "region" },
  { title: "area (km²)", align: "right" },
];

/** Asks a store that holds the corpus, and prints the first hits. Resolves to the number of hits of each query. */
export async function showQueries(
  storage: StorageEngine,
  style: Style,
  print: (line: string) => void,
): Promise<number[]> {
  const counts: number[] = [];
  for (const { title, code, query } of QUERIES) {
    const started = performance.now();
    const hits = await storage.search(query);
    const took = performance.now() - started;
    counts.push(hits.length);
    print(`\n${style.bold(title)}`);
    print(style.dim(`${code}: ${formatCount(hits.length)} hits in ${took.toFixed(1)} ms`));
    for (const line of formatTable(COLUMNS, hits.slice(0, SHOWN).map(rowOf))) print(line);
    if (hits.length > SHOWN) print(style.dim(`… and ${formatCount(hits.length - SHOWN)} more`));
  }
  return counts;
}

function rowOf({ key, metadata }: StorageItem): string[] {
  const { name, capital, region, area } = metadata;
  return [
    key,
    String(name),
    Array.isArray(capital) ? capital.join(", ") : "",
    String(region),
    typeof area === "number" ? formatCount(area) : "",
  ];
}
