/** The first circle found in a graph of named nodes, as the names along it (first and last are the same). */
export function findCircle(edges: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  for (const start of edges.keys()) {
    const circle = follow(start, [], edges, done);
    if (circle) return circle;
  }
  return undefined;
}

function follow(
  node: string,
  path: string[],
  edges: ReadonlyMap<string, readonly string[]>,
  done: Set<string>,
): string[] | undefined {
  const seen = path.indexOf(node);
  if (seen >= 0) return [...path.slice(seen), node];
  if (done.has(node)) return undefined;
  for (const next of edges.get(node) ?? []) {
    const circle = follow(next, [...path, node], edges, done);
    if (circle) return circle;
  }
  done.add(node);
  return undefined;
}
