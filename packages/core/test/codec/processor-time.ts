/**
 * Milliseconds that the processor spent in this process on some work. A clock would count as well what else the machine does meanwhile, and
 * how long it stands still.
 */
export async function processorTimeOf(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
