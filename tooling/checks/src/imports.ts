import { parseSync, Visitor } from "oxc-parser";

export interface ModuleImport {
  specifier: string;
  /** One-based. */
  line: number;
}

/** Every module that a file names: import and export statements, `import()` and `import("…")` types. */
export function readImports(fileName: string, text: string): { imports: ModuleImport[]; hasCode: boolean } {
  const { program, errors } = parseSync(fileName, text);
  if (errors[0]) throw new Error(`${fileName}: ${errors[0].message}`);
  const imports: ModuleImport[] = [];
  const add = (source: { type: string; value?: unknown; start: number } | null): void => {
    if (typeof source?.value !== "string") return;
    imports.push({ specifier: source.value, line: text.slice(0, source.start).split("\n").length });
  };
  new Visitor({
    ImportDeclaration: (node) => add(node.source),
    ExportNamedDeclaration: (node) => add(node.source),
    ExportAllDeclaration: (node) => add(node.source),
    ImportExpression: (node) => add(node.source),
    TSImportType: (node) => add(node.source),
  }).visit(program);
  const hasCode = program.body.some(
    (node) => !(node.type === "ExportNamedDeclaration" && !node.declaration && node.specifiers.length === 0),
  );
  return { imports, hasCode };
}
