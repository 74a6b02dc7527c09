import type {} from "@holdfast/browser";
import type { Peer } from "@holdfast/conformance";
import { commands } from "vitest/browser";
import { echoed, suiteEnd } from "./peer-channel.ts";

/** Opens another tab as the suite's peer. It is ended by a crash of its process. */
export async function startTab(name: string): Promise<Peer> {
  const channel = new BroadcastChannel(`peer:${crypto.randomUUID()}`);
  const end = suiteEnd(channel);
  const tab = await commands.openTab("/test/support/peer-tab.ts", JSON.stringify({ name, channel: channel.name }));
  let gone: Promise<void> | undefined;
  return {
    channel: end,
    async kill() {
      gone ??= commands.crashTab(tab).then(() => echoed(channel));
      await gone;
    },
  };
}
