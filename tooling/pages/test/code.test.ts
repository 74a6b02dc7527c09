import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { readBlocks } from "../src/blocks.ts";
import { atItsPage, compile } from "../src/compile.ts";
import { modulesOf } from "../src/modules.ts";
import { readPages, root } from "../src/pages.ts";

const blocks = readPages().flatMap(readBlocks);

it("compiles on every page", () => {
  const modules = inject("modules");
  expect(modules.length).toBeGreaterThan(30);
  expect(compile(modules)).toEqual([]);
});

describe("shown files", () => {
  const shown = blocks.filter(({ file }) => file !== undefined);
  const places = new Set(shown.map(({ page, file }) => `${file} on ${page}`));

  it.each([...places])("%s", (place) => {
    const parts = shown.filter(({ page, file }) => `${file} on ${page}` === place);
    const file = readFileSync(join(root, parts[0]?.file ?? ""), "utf8");
    expect(withoutBlankLines(parts.map(({ code }) => code).join("\n"))).toBe(withoutBlankLines(file));
  });
});

it("needs less than 150 lines for an adapter, as the pages say", () => {
  const adapter = readFileSync(join(root, "apps/examples/src/adapter/level.ts"), "utf8");
  expect(adapter.trim().split("\n").length).toBeLessThan(150);
});

it("is shown in a syntax that Node 22 has, which runs it as it stands: without `using`", () => {
  const examples = readdirSync(join(root, "apps/examples/src"), { recursive: true, encoding: "utf8" });
  const files = examples.filter((name) => name.endsWith(".ts")).map((name) => `apps/examples/src/${name}`);
  expect(files.length).toBeGreaterThan(3);
  const texts = [
    ...files.map((file) => [file, readFileSync(join(root, file), "utf8")] as const),
    ...blocks.map(({ page, line, code }) => [`${page}:${line}`, code] as const),
  ];
  expect(texts.filter(([, text]) => /\busing \w+ =/.test(text)).map(([place]) => place)).toEqual([]);
});

describe("the check itself", () => {
  const page = (text: string) => modulesOf(readBlocks({ path: "page.md", text }));
  const fence = (info: string, code: string) => `\`\`\`${info}\n${code}\n\`\`\`\n`;

  it("joins what continues, and tells where each part came from", () => {
    const [first, second] = page(
      `${fence("ts", "const a = 1;")}\ntext\n\n${fence("ts continue", "a;")}${fence("js", "2;")}`,
    );
    expect(first?.text).toContain("const a = 1;\n\na;");
    expect(first?.origins.map((each) => each.page)).toEqual([2, 8]);
    expect(second?.path).toBe("page-md-11.js");
  });

  it("refuses words that it does not know, continuations of nothing and setups that are not there", () => {
    expect(() => page(fence("ts runs", ""))).toThrow('page.md:2: nothing is known of "runs"');
    expect(() => page(fence("ts continue", ""))).toThrow("no block before it");
    expect(() => page(fence("ts setup=nowhere", ""))).toThrow("no nowhere.ts");
  });

  it("turns each claim of what runs into a check", () => {
    expect(page(fence("ts run", "1 + 1; // → 2"))[0]?.text).toContain('claim("1 + 1", 1 + 1, 2);');
    expect(() => page(fence("ts run", "// → 2"))).toThrow("a claim stands on one line");
  });

  it("tells on which line of which page something does not compile", () => {
    const module = {
      path: "p-9.ts",
      page: "p.md",
      origins: [
        { module: 3, page: 9 },
        { module: 5, page: 20 },
      ],
    };
    expect(atItsPage("p-9.ts(6,1): error TS1: no", [module])).toBe("p.md:21: error TS1: no");
    expect(atItsPage("p-9.ts(4,1): error TS1: no", [module])).toBe("p.md:10: error TS1: no");
    expect(atItsPage("error TS5: nothing to do", [module])).toBe("error TS5: nothing to do");
  });
});

function withoutBlankLines(text: string): string {
  return text.replaceAll(/\n\s*(?=\n)/g, "").trim();
}
