interface NodeProcess {
  memoryUsage(): { heapUsed: number; external: number };
  getBuiltinModule(name: string): Readonly<Record<string, (...args: unknown[]) => unknown>> | undefined;
}

interface Gauge {
  readonly collect: () => void;
  readonly usage: NodeProcess["memoryUsage"];
}

/** Whether the platform tells how much memory is held. Node and its like do; browsers do not. */
export function canMeasureMemory(): boolean {
  return gauge() !== undefined;
}

/** Bytes that values and buffers hold; garbage is collected first, since when that happens by itself depends on everything. */
export async function memoryHeld(): Promise<number> {
  const found = gauge();
  if (found === undefined) throw new Error("this platform does not tell how much memory is held");
  // Buffers are given back in the background, some time after the collection that finds them.
  for (let round = 0; round < 2; round++) {
    found.collect();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const { heapUsed, external } = found.usage();
  return heapUsed + external;
}

/** Asked of the platform, not imported: the suite runs where there is no such module. */
function gauge(): Gauge | undefined {
  const { process } = globalThis as { process?: Partial<NodeProcess> };
  if (process?.memoryUsage === undefined) return undefined;
  // V8 shows its collector to contexts that are made after it was told so.
  process.getBuiltinModule?.("node:v8")?.["setFlagsFromString"]?.("--expose-gc");
  const collect = process
    .getBuiltinModule?.("node:vm")
    ?.["runInNewContext"]?.("typeof gc === 'function' ? gc : undefined");
  return collect === undefined ? undefined : { collect: collect as () => void, usage: process.memoryUsage };
}
