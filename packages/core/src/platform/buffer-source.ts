/** Bodies never stand on shared memory, which is what the type asks to have ruled out. */
export function asBufferSource(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>;
}
