import { readdirSync, readFileSync } from "node:fs";

/** The texts of a directory's files, in the order of their names. */
export function readSqlFiles(directory: URL): string[] {
  return readdirSync(directory)
    .sort()
    .map((name) => readFileSync(new URL(name, directory), "utf8"));
}
