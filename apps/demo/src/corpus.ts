import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { JsonObject } from "holdfast";
import type { Country } from "world-countries";

/** What is to be saved under one key. */
export interface CorpusItem {
  key: string;
  data: unknown;
  tags: string[];
  metadata: JsonObject;
}

/** Items of one kind. */
export interface CorpusPart {
  name: string;
  items: CorpusItem[];
}

/** The countries of the world: a document, a flag and the borders of each (npm package world-countries, ODbL). */
export async function readCorpus(): Promise<CorpusPart[]> {
  const folder = dirname(createRequire(import.meta.url).resolve("world-countries/package.json"));
  const countries = JSON.parse(await readFile(join(folder, "countries.json"), "utf8")) as Country[];
  const flags: CorpusItem[] = [];
  const borders: CorpusItem[] = [];
  for (const country of countries) {
    const code = country.cca3.toLowerCase();
    const flag = await readFile(join(folder, "data", `${code}.svg`));
    const border = await readFile(join(folder, "data", `${code}.geo.json`), "utf8");
    flags.push(attachment(`flags/${code}.svg`, new Uint8Array(flag), country, "flag", "image/svg+xml"));
    borders.push(attachment(`borders/${code}.geo.json`, JSON.parse(border), country, "border", "application/geo+json"));
  }
  return [
    { name: "country documents", items: countries.map(documentOf) },
    { name: "flags (SVG)", items: flags },
    { name: "borders (GeoJSON)", items: borders },
  ];
}

function documentOf(country: Country): CorpusItem {
  const { name, capital, region, subregion, area, landlocked, independent, unMember } = country;
  const languages = Object.values(country.languages);
  const marks = [
    ...(landlocked ? ["landlocked"] : []),
    ...(independent ? ["independent"] : []),
    ...(unMember ? ["UN member"] : []),
  ];
  return {
    key: `countries/${country.cca3.toLowerCase()}`,
    data: country,
    tags: [...new Set([region, subregion, ...languages, ...marks])].filter((tag) => tag !== ""),
    metadata: {
      name: name.common,
      officialName: name.official,
      capital,
      region,
      subregion,
      languages,
      // The package writes -1 where nobody knows.
      ...(area > 0 ? { area } : {}),
    },
  };
}

function attachment(key: string, data: unknown, country: Country, kind: string, mediaType: string): CorpusItem {
  return { key, data, tags: [kind, country.region], metadata: { country: country.name.common, mediaType } };
}
