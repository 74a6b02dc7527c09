import { displayWidth } from "./width.js";

export interface Column {
  title: string;
  /** Default: left. */
  align?: "left" | "right";
}

/** The lines of a table: titles, a rule, one line a row. Wide only as needed, no blanks at the ends of lines. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const titles = columns.map(({ title }) => title);
  const widths = columns.map((_, index) => Math.max(...[titles, ...rows].map((row) => displayWidth(row[index] ?? ""))));
  const rule = widths.map((width) => "─".repeat(width));
  return [titles, rule, ...rows].map((row) =>
    widths
      .map((width, index) => {
        const cell = row[index] ?? "";
        const blanks = " ".repeat(width - displayWidth(cell));
        return columns[index]?.align === "right" ? blanks + cell : cell + blanks;
      })
      .join("  ")
      .trimEnd(),
  );
}
