import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Verdict } from "./harness/messages.ts";

export interface Judged {
  readonly status: Verdict["status"] | "not covered";
  /** The test that noticed. */
  readonly by?: string | undefined;
}

/** Verdicts as they come, kept in a file, so that a run that was cut short is taken up again. */
export class VerdictLog {
  readonly #path: string;
  readonly #verdicts = new Map<number, Judged>();

  /** `fingerprint` stands for everything from which a verdict follows; those of another one are forgotten. */
  constructor(path: string, fingerprint: string, fresh: boolean) {
    this.#path = path;
    const lines = existsSync(path) && !fresh ? readFileSync(path, "utf8").split("\n").filter(Boolean) : [];
    if (lines[0] === fingerprint) {
      for (const line of lines.slice(1)) {
        const [id, judged]: [number, Judged] = JSON.parse(line);
        this.#verdicts.set(id, judged);
      }
    } else {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `${fingerprint}\n`);
    }
  }

  get(id: number): Judged | undefined {
    return this.#verdicts.get(id);
  }

  set(id: number, judged: Judged): void {
    this.#verdicts.set(id, judged);
    appendFileSync(this.#path, `${JSON.stringify([id, judged])}\n`);
  }
}

export function fingerprintOf(files: readonly string[], ...rest: readonly (string | number)[]): string {
  const hash = createHash("sha256").update(rest.join(" "));
  for (const file of files) hash.update("\0").update(readFileSync(file));
  return hash.digest("hex");
}
