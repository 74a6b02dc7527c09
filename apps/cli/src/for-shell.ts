/** One word of a command line that can be pasted, whatever stands in it. */
export function forShell(word: string, platform: string = process.platform): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  // cmd knows no single quotes, and a path of Windows has no double ones.
  return platform === "win32" ? `"${word}"` : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
