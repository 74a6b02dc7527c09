import type { StorageEngine } from "@holdfast/core";
import { equal, ok } from "../assert.js";
import type { Context } from "../context.js";
import { PeerClient } from "../peer/peer-client.js";
import type { Case } from "../suite.js";

const SIZE = 3_000;

/**
 * What an acknowledged write outlasts, for every store that outlives its process: nobody else has it open while the other process
 * writes, so one that admits a single process takes part.
 */
export const aloneAndKilled: Case = {
  name: "of which one works alone and is killed keep what was acknowledged, for who opens the store then",
  once: true,
  needs: [
    { name: "durability beyond the process", metBy: ({ durability }) => durability !== "memory" },
    { name: "a second process to kill: its durability was NOT tried", metBy: (_, { peer }) => peer !== undefined },
  ],
  async otherwise(context) {
    promisesNothing(context);
    if (context.backing.peer !== undefined) await forgetsWithTheProcess(context);
  },
  async run(context) {
    for (const [round, after] of [5, 40].entries()) {
      const victim = await PeerClient.start(context);
      await victim.perform({ do: "save", key: "deleted", data: round });
      await victim.perform({ do: "delete", key: "deleted" });
      const prefix = `round ${round}/`;
      await victim.performUntil({ do: "saveForEver", prefix, size: SIZE }, after);
      await victim.kill();
      const storage = await context.open();
      await keepsWhatWasAcknowledged(storage, prefix, victim.saved.length, SIZE);
      equal(await storage.exists("deleted"), false, "whether what was deleted is there");
      if (round > 0) equal(await storage.load("still"), round - 1, "what was saved between two kills");
      await storage.save("still", round);
      await context.close();
    }
  },
};

/** What nobody tries is not to be promised. */
export function promisesNothing({ capabilities, backing }: Context): void {
  if (backing.peer !== undefined) return;
  for (const name of ["compareAndSet", "watch"] as const) {
    ok(
      capabilities[name] !== "cross-process",
      `${name} is declared as cross-process, so the harness must offer a peer to try it with`,
    );
  }
}

/** Of saves by `saveForEver` in a process that was killed: those that were acknowledged are there, and each that is there is whole. */
export async function keepsWhatWasAcknowledged(
  storage: StorageEngine,
  prefix: string,
  acknowledged: number,
  size: number,
): Promise<void> {
  // More may be there than was told of: the last words die with who says them. But none without those before it.
  const found = (await storage.list(prefix)).length;
  ok(found >= acknowledged, `${found} saves are there, and ${acknowledged} were acknowledged`);
  for (let index = 0; index < found; index++) {
    equal(await storage.load(`${prefix}${index}`), new Uint8Array(size).fill(index), `save ${index} of ${found}`);
  }
  equal((await storage.verify()).problems, [], "what verify finds");
}

async function forgetsWithTheProcess(context: Context): Promise<void> {
  const victim = await PeerClient.start(context);
  await victim.perform({ do: "save", key: "k", data: 1 });
  await victim.kill();
  const storage = await context.open();
  ok(!(await storage.exists("k")), "what outlives its process is not declared as kept in memory");
}
