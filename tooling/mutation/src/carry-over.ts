import { type FileResult, outdatedOf, type Results, type Sources, type Standing } from "./results.ts";

/** The results before, with the files in their place that were run again, all their mutants. */
export function withFiles(before: Results, now: Results, sources: Sources): Results {
  const again = new Set(now.files.map(({ file }) => file));
  const kept = ({ file }: { readonly file: string }): boolean => !again.has(file) && sources.has(file);
  const files = [...before.files.filter(kept), ...now.files].sort(byFile);
  const standing = [...before.standing.filter((one) => kept({ file: fileOf(one) })), ...now.standing];
  return { ...now, files, standing: inOrder(standing, files), outdated: outdatedOf(files, sources) };
}

/** The results before, with only what was standing run again. Files that have changed meanwhile stay as they were. */
export function withStanding(before: Results, now: Results, sources: Sources): Results {
  const unchanged = new Map(now.files.filter(({ file, source }) => isRunOf(before, file, source)).map(byName));
  const standing = [
    ...before.standing.filter((one) => !unchanged.has(fileOf(one))),
    ...now.standing.filter((one) => unchanged.has(fileOf(one))),
  ];
  const files = before.files.map((row) => {
    const again = unchanged.get(row.file);
    if (again === undefined) return row;
    const mine = standing.filter((one) => fileOf(one) === row.file);
    const survived = mine.filter(({ status }) => status === "survived").length;
    const notCovered = mine.length - survived;
    const noticed = row.survived + row.notCovered - mine.length;
    const killed = row.killed + noticed - again.timedOut;
    return { ...row, survived, notCovered, killed, timedOut: row.timedOut + again.timedOut };
  });
  return { ...now, files, standing: inOrder(standing, files), outdated: outdatedOf(files, sources) };
}

function isRunOf({ files }: Results, file: string, source: string): boolean {
  return files.some((row) => row.file === file && row.source === source);
}

function inOrder(standing: readonly Standing[], files: readonly FileResult[]): Standing[] {
  const byFile = Map.groupBy(standing, fileOf);
  return files.flatMap(({ file }) => byFile.get(file) ?? []);
}

function fileOf({ name }: Standing): string {
  return name.slice(0, name.indexOf(":"));
}

function byName(row: FileResult): [string, FileResult] {
  return [row.file, row];
}

function byFile(a: FileResult, b: FileResult): number {
  return a.file < b.file ? -1 : 1;
}
