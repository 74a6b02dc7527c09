import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { CompilerState, Extractor, ExtractorConfig, type ExtractorMessage } from "@microsoft/api-extractor";
import type { Entry } from "./entries.ts";

const NOT_EXPORTED = "ae-forgotten-export";

/** What an entry point promises to its users, one declaration after the other in an order that only the interface changes. */
export interface ApiReport {
  readonly entry: Entry;
  readonly text: string;
  /** Types that cannot be read, and types that an interface names and its entry does not export. */
  readonly problems: readonly string[];
}

/** Reads the declarations of all entries at once: most of the time goes to the types that they share. */
export function* apiReports(entries: readonly Entry[]): Generator<ApiReport> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-api-"));
  try {
    const configs = entries.map((entry) => configOf(entry, folder));
    const [first] = configs;
    if (first === undefined) return;
    const compilerState = CompilerState.create(first, { additionalEntryPoints: entries.map(({ types }) => types) });
    for (const [index, entry] of entries.entries()) {
      const problems: string[] = [];
      const messageCallback = (message: ExtractorMessage) => {
        message.handled = true;
        const isProblem = message.category === "Compiler" || message.messageId === NOT_EXPORTED;
        if (isProblem) problems.push(`${entry.specifier}: ${message.text}`);
      };
      Extractor.invoke(configs[index] ?? first, { localBuild: true, compilerState, messageCallback });
      yield { entry, text: readFileSync(join(folder, basename(entry.report)), "utf8"), problems };
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function configOf({ manifest, types, report }: Entry, folder: string): ExtractorConfig {
  const lib = ["es2024", "esnext.disposable", "dom", "dom.asynciterable"];
  const compilerOptions = { target: "es2024", module: "nodenext", lib, types: ["node"], strict: true };
  return ExtractorConfig.prepare({
    packageJsonFullPath: manifest,
    configObjectFullPath: undefined,
    configObject: {
      mainEntryPointFilePath: types,
      projectFolder: dirname(manifest),
      compiler: { overrideTsconfig: { compilerOptions, files: [types] } },
      apiReport: {
        enabled: true,
        reportFileName: basename(report, ".api.md"),
        reportFolder: folder,
        reportTempFolder: folder,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: "lf",
    },
  });
}
