/** Milliseconds to wait for one server. */
const PATIENCE = 20_000;
const AT_ONCE = 8;

/** Asks for each address, a few at a time. Resolves to a sentence for each that does not answer with a page. */
export async function findDead(addresses: readonly string[], ask: typeof fetch = fetch): Promise<string[]> {
  const waiting = [...addresses];
  const dead: string[] = [];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let address = waiting.shift(); address !== undefined; address = waiting.shift()) {
        const fault = await faultOf(address, ask);
        if (fault !== undefined) dead.push(`${address} ${fault}`);
      }
    }),
  );
  return dead.sort();
}

async function faultOf(address: string, ask: typeof fetch): Promise<string | undefined> {
  try {
    const { ok, status, body } = await ask(address, { signal: AbortSignal.timeout(PATIENCE) });
    await body?.cancel();
    return ok ? undefined : `answers ${status}`;
  } catch (error) {
    return `does not answer: ${error instanceof Error ? error.message : String(error)}`;
  }
}
