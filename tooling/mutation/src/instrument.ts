import { type Node, parseSync, visitorKeys } from "oxc-parser";
import { answerOf, type Change, changesOf, type Place } from "./operators.ts";
import { isWording } from "./wording.ts";

/** The name under which instrumented code finds the switch: `(id) => boolean`, whether that mutant is the one to run. */
export const SWITCH = "holdfast.mutation";

export interface Instrumented {
  /** The module with every mutant inside, each behind the switch. */
  readonly code: string;
  /** In the order of their ids, the first being `firstId`. */
  readonly changes: readonly Change[];
}

/** Puts all mutants of an ES module into it. */
export function instrument(fileName: string, source: string, firstId: number): Instrumented {
  const { program, errors } = parseSync(fileName, source, { lang: "js", sourceType: "module", preserveParens: false });
  if (errors[0]) throw new Error(`${fileName}: ${errors[0].message}`);
  const changes = distinct(collect(program, { parent: undefined, property: "" }, source));
  const sites = Map.groupBy(
    changes.map((change, index) => ({ change, id: firstId + index })),
    ({ change }) => `${change.start} ${change.end} ${change.kind}`,
  );
  const nested = Array.from(sites.values(), (mutants) => ({ ...(mutants[0] as Numbered).change, mutants })).sort(
    outerFirst,
  );
  // Without a switch, as in threads that tests start, the code is as it was.
  const lookUp = `const $m = globalThis[Symbol.for(${JSON.stringify(SWITCH)})] ?? (() => false);`;
  return { code: lookUp + render(source, 0, source.length, nested), changes };
}

interface Numbered {
  readonly change: Change;
  readonly id: number;
}

interface Site extends Pick<Change, "start" | "end" | "kind"> {
  readonly mutants: readonly Numbered[];
}

function collect(node: Node, place: Place, source: string): Change[] {
  if (isWording(node, place.parent)) return [];
  const own = [...changesOf(node, place, source), ...answerOf(node, source)];
  const children = (visitorKeys[node.type] ?? []).flatMap((property) => {
    if (isName(node, property)) return [];
    const value = (node as unknown as Record<string, unknown>)[property];
    const nodes = (Array.isArray(value) ? value : [value]) as (Node | null)[];
    return nodes.flatMap((child) =>
      child === null || child === undefined ? [] : collect(child, { parent: node, property }, source),
    );
  });
  return [...own, ...children];
}

/** What stands for itself and is never evaluated. */
function isName(node: Node, property: string): boolean {
  if (property === "key") return "computed" in node && !node.computed;
  return node.type === "ImportDeclaration" || node.type === "ExportAllDeclaration";
}

function distinct(changes: readonly Change[]): Change[] {
  const seen = new Map(changes.map((change) => [`${change.start} ${change.end} ${change.replacement}`, change]));
  return [...seen.values()].sort((a, b) => a.start - b.start || a.end - b.end);
}

function outerFirst(a: Site, b: Site): number {
  return a.start - b.start || b.end - a.end || (a.kind === "statement" ? -1 : 1);
}

/** Sites lie inside one another or apart, never across. */
function render(source: string, from: number, to: number, sites: readonly Site[]): string {
  let text = "";
  let at = from;
  for (let index = 0; index < sites.length; ) {
    const site = sites[index] as Site;
    const end = sites.findIndex((other, place) => place > index && other.start >= site.end);
    const inner = sites.slice(index + 1, end === -1 ? sites.length : end);
    text += source.slice(at, site.start) + switched(site, render(source, site.start, site.end, inner));
    at = site.end;
    index += 1 + inner.length;
  }
  return text + source.slice(at, to);
}

function switched({ kind, mutants }: Site, original: string): string {
  if (kind === "statement") return mutants.reduce((code, { id }) => `{if(!$m(${id})){${code}}}`, original);
  const choices = mutants.map(({ id, change }) => `$m(${id})?(${change.replacement}):`).join("");
  return `(${choices}(${original}))`;
}
