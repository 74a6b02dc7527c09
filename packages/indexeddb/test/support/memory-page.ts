// A page that moves large bodies and notes what it holds meanwhile.
import { openStorage } from "@holdfast/core";
import { indexeddb } from "@holdfast/indexeddb";
import { MiB, noise } from "./bytes.ts";

declare global {
  /** MiB, as the test measures them from outside. */
  function held(): Promise<number>;
  var moveBodies: ((size: number) => Promise<{ streamed: number[]; whole: number[] }>) | undefined;
}

const EVERY = 8;

globalThis.moveBodies = async (size) => {
  const storage = await openStorage(indexeddb({ name: "app" }));
  const streamed = [await held()];
  const note = async (piece: number) => void (piece % EVERY === 0 && streamed.push(await held()));
  async function* source(): AsyncGenerator<Uint8Array> {
    for (let piece = 1; piece <= size; piece++) {
      yield noise(MiB);
      await note(piece);
    }
  }
  await storage.saveStream("large", source(), { compress: false });
  let bytes = 0;
  const reader = (await storage.loadStream("large"))?.getReader();
  for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) {
    const before = Math.floor(bytes / MiB);
    bytes += next.value.byteLength;
    for (let piece = before + 1; piece <= bytes / MiB; piece++) await note(piece);
  }
  const loaded = await storage.load<Uint8Array>("large");
  const whole = [await held()];
  if (loaded?.byteLength !== size * MiB || bytes !== size * MiB) throw new Error("not all came back");
  await storage.close();
  return { streamed, whole };
};
