import { compareKeys, isLive, type RecordHeader } from "@holdfast/core";
import { type Held, standingOf } from "./mark.js";
import type { FallbackMember } from "./member.js";

interface Range {
  readonly prefix: string;
  readonly after: string | undefined;
}

/** Every living header that the members hold, as the app sees it, in the order of keys; whether or not that is all there is. */
export async function* everyHeld(
  members: readonly FallbackMember[],
  now: number,
  { prefix, after }: Range = { prefix: "", after: undefined },
): AsyncGenerator<RecordHeader, void, undefined> {
  const scans = members.map((member) => member.scan(prefix, after));
  const heads = await Promise.all(scans.map((scan) => scan.next()));
  for (;;) {
    const [key] = heads.flatMap(({ value }) => (value ? [value.stored.key] : [])).sort(compareKeys);
    if (key === undefined) return;
    let best: Held | undefined;
    for (const [index, head] of heads.entries()) {
      if (head.value?.stored.key !== key) continue;
      if (best === undefined || rank(head.value) > rank(best)) best = head.value;
      heads[index] = (await scans[index]?.next()) ?? head;
    }
    const header = best && livingHeader(best, now);
    if (header !== undefined) yield header;
  }
}

/** The header as the app sees it; undefined where nothing stands for it. */
export function livingHeader(held: Held, now: number): RecordHeader | undefined {
  const { stored } = standingOf(held);
  return stored !== undefined && isLive(stored, now) ? stored : undefined;
}

/** What waits counts more than a copy, and the newer more than the older. */
function rank({ mark }: Held): string {
  return `${mark.state === "copy" ? 0 : 1}${mark.version}`;
}
