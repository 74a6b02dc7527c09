export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  red(text: string): string;
}

/** The part of a stream that tells what it can show. */
export interface StyledStream {
  readonly isTTY?: boolean | undefined;
  hasColors?(): boolean;
}

/** Colours for a terminal that has them; plain text elsewhere, and where NO_COLOR, NODE_DISABLE_COLORS or TERM=dumb is set. */
export function styleFor(stream: StyledStream): Style {
  // hasColors reads those variables.
  const coloured = stream.isTTY === true && stream.hasColors?.() === true;
  const paint = (start: number, end: number) => (text: string) =>
    coloured ? `\u001b[${start}m${text}\u001b[${end}m` : text;
  return { bold: paint(1, 22), dim: paint(2, 22), green: paint(32, 39), yellow: paint(33, 39), red: paint(31, 39) };
}
