/** What some file system refuses, gives a meaning, or does not show. `%` is among it, so that escaping can be undone. */
const ESCAPED = /[<>:"/\\|?*%\p{Cc}\p{Cs}]|(?!\u200d)\p{Cf}|[. ]$/gu;
/** Names that Windows keeps for devices, whatever follows their first dot. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?=\.|$)/i;
const RESERVED = /^\.holdfast/i;
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/gu;

/** A segment of a key as a legal name on every platform. Injective; `readSegment` undoes it. */
export function writeSegment(segment: string): string {
  const escaped = segment.replace(ESCAPED, percent);
  const first = [...escaped][0] ?? "";
  return DEVICE.test(escaped) || RESERVED.test(escaped) ? percent(first) + escaped.slice(first.length) : escaped;
}

/** The segment that a name was written for, or the name itself when none was. */
export function readSegment(name: string): string {
  try {
    const segment = decodeURIComponent(name.replace(/%(?![0-9A-F]{2})/g, "%25"));
    return writeSegment(segment) === name ? segment : name;
  } catch {
    // Its escapes are no UTF-8: a person wrote them.
    return name;
  }
}

/** Equal for paths that are one file on some file system: whatever differs only in case, normal form or what is not seen. */
export function fold(path: string): string {
  // Both ways, since some letters have two small forms or two capital ones.
  return path.normalize("NFKD").replace(INVISIBLE, "").toUpperCase().toLowerCase().normalize("NFC");
}

/** Whether two names are one on some file system. */
export function isSameName(a: string, b: string): boolean {
  return a === b || fold(a) === fold(b);
}

function percent(character: string): string {
  return Array.from(
    new TextEncoder().encode(character),
    (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
  ).join("");
}
