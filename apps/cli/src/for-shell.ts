/** One word of a command line that can be pasted, whatever stands in it. */
export function forShell(word: string, platform: string = process.platform): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  // cmd and PowerShell know no single quotes in common; a path of Windows has no double ones.
  return platform === "win32" ? `"${word}"` : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
