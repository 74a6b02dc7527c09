import { afterEach, describe, expect, it } from "vitest";
import { instrument, SWITCH } from "../src/instrument.ts";

/** `original → replacement` of every mutant. */
function mutantsOf(source: string): string[] {
  return instrument("sample.js", source, 1).changes.map(
    ({ start, end, replacement }) => `${source.slice(start, end)} → ${replacement}`,
  );
}

describe("a module's mutants", () => {
  it.each([
    ["f(a === b)", ["a === b → true", "a === b → false", "a === b → a !== b"]],
    ["f(a < b)", ["a < b → true", "a < b → false", "a < b → a <= b", "a < b → a >= b"]],
    ["f(a + b)", ["a + b → a - b"]],
    ["f(`x` + b)", ["`x` → ``"]],
    ["f(a && b)", ["a && b → a || b", "a && b → a", "a && b → b"]],
    ["f((a, b) ?? c)", ["(a, b) ?? c → a, b", "(a, b) ?? c → c"]],
    ["f(!a, -b)", ["!a → a", "-b → b"]],
    ["f(a++)", ["a++ → a--"]],
    ["f(a += b)", ["a += b → a -= b"]],
    ['f("x", "", 0, 2, true, null)', ['"x" → ""', '"" → "mutant"', "0 → 1", "2 → 3", "2 → 1", "true → false"]],
    ["f([a], {b}, [], {})", ["[a] → []", "{b} → {}"]],
    ["f(...a)", ["a → []"]],
    ["f([a, ...b], {...c})", ["[a, ...b] → []", "b → []", "{...c} → {}", "c → {}"]],
    [
      "f(a?.b?.[c]?.(d))",
      ["a?.b?.[c]?.(d) → a.b?.[c]?.(d)", "a?.b?.[c]?.(d) → a?.b[c]?.(d)", "a?.b?.[c]?.(d) → a?.b?.[c](d)"],
    ],
    ["f(await a)", ["await a → a"]],
    ["f(a.every(b), a.slice(c))", ["a.every(b) → a.some(b)", "a.slice(c) → a"]],
  ])("%s", (source, expected) => {
    const [statement, ...mutants] = mutantsOf(source);
    expect(statement).toBe(`${source} → undefined`);
    expect(mutants.toSorted()).toEqual(expected.toSorted());
  });

  it("are its decisions, made for good", () => {
    expect(mutantsOf("if (a) f()")).toEqual(["a → true", "a → false", "f() → undefined"]);
    expect(mutantsOf("while (a) b")).toEqual(["a → false", "b → undefined"]);
  });

  it("are its statements, left out, and its answers, kept back", () => {
    const source = "function f(a) { for (const b of a) { if (b) continue; throw b; } return a; } const g = () => a;";
    expect(mutantsOf(source)).toEqual([
      "b → true",
      "b → false",
      "continue; → left out",
      "throw b; → left out",
      "a → undefined",
      "a → undefined",
    ]);
  });

  it("leave names, modules and the wording of messages alone", () => {
    expect(mutantsOf('import a from "b"; export * from "c";')).toEqual([]);
    expect(mutantsOf('throw new StorageError("CODE", "message " + (a - b));')).toEqual([
      'throw new StorageError("CODE", "message " + (a - b)); → left out',
      '"CODE" → ""',
    ]);
    expect(mutantsOf("function describe(a) { return a; }")).toEqual([]);
    expect(mutantsOf('f({ "a": b })')).toEqual(['f({ "a": b }) → undefined', '{ "a": b } → {}']);
  });
});

describe("an instrumented module", () => {
  const switchName = Symbol.for(SWITCH);

  afterEach(() => {
    Reflect.deleteProperty(globalThis, switchName);
  });

  /** What it exports as `answer`, with the mutant on. */
  async function answerWith(code: string, mutant: number): Promise<unknown> {
    Object.assign(globalThis, { [switchName]: (id: number) => id === mutant });
    const module: { answer: unknown } = await import(`data:text/javascript,${encodeURIComponent(code)}//${mutant}`);
    return module.answer;
  }

  it("does what it did while no mutant is on, and one thing otherwise with each", async () => {
    const source = [
      "function f(list) { let sum = 0; for (const n of list) { if (n < 0) continue; else sum += n; } return sum; }",
      "export const answer = f([1, -2, ...[3, 4]]);",
    ].join("\n");
    const { code, changes } = instrument("sample.js", source, 1);
    expect(await answerWith(code, 0)).toBe(8);
    const answers = new Map<string, unknown>();
    for (const [index, { start, end, replacement }] of changes.entries()) {
      answers.set(`${source.slice(start, end)} → ${replacement}`, await answerWith(code, index + 1));
    }
    expect(answers.get("n < 0 → false")).toBe(6);
    expect(answers.get("n < 0 → true")).toBe(0);
    expect(answers.get("n < 0 → n >= 0")).toBe(-2);
    expect(answers.get("sum += n → sum -= n")).toBe(-8);
    expect(answers.get("sum → undefined")).toBe(undefined);
    expect(answers.get("[3, 4] → []")).toBe(1);
    expect(answers.get("continue; → left out")).toBe(8);
  });

  it("numbers its mutants from where the module before ended", () => {
    expect(instrument("sample.js", "f(!a)", 40).code).toContain("$m(40)?(undefined):");
  });
});
