import { readFile, writeFile } from "node:fs/promises";

/** Changes one byte of what a file holds, as a failing disk would. */
export async function damage(file: string, text: string): Promise<void> {
  const bytes = await readFile(file);
  const at = bytes.indexOf(text);
  if (at < 0) throw new Error(`${file} does not hold ${JSON.stringify(text)}`);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  await writeFile(file, bytes);
}
