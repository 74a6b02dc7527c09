export const MiB: number = 2 ** 20;

/** Bytes that do not compress, as random as the browser makes them. */
export function noise(bytes: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(bytes);
  for (let start = 0; start < bytes; start += 65_536) crypto.getRandomValues(whole.subarray(start, start + 65_536));
  return whole;
}

/** So many pieces of 1 MiB, made as they are asked for. */
export async function* pieces(count: number): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < count; index++) yield noise(MiB);
}
