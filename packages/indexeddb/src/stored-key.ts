// IndexedDB compares strings by UTF-16 units. In them surrogates, which stand for the code points from U+10000 on, come before
// the units from U+E000 on; exchanging the two makes the order that of code points.
const MOVED = /[\ud800-\uffff]/g;
const FIRST_SURROGATE = 0xd800;
const FIRST_BEHIND = 0xe000;
const LAST = 0xffff;

/** What a key is stored as, so that the database's order is that of code points. Works on any string, unit by unit. */
export function toStored(key: string): string {
  return key.replace(MOVED, (unit) => {
    const code = unit.charCodeAt(0);
    return String.fromCharCode(code < FIRST_BEHIND ? code + 0x2000 : code - 0x800);
  });
}

/** The way back. */
export function fromStored(stored: string): string {
  return stored.replace(MOVED, (unit) => {
    const code = unit.charCodeAt(0);
    return String.fromCharCode(code < FIRST_SURROGATE + 0x2000 ? code + 0x800 : code - 0x2000);
  });
}

/** Every stored string that starts with `prefix` and, where it is given, comes behind `after`; undefined when there can be none. */
export function startingWith(prefix: string, after?: string): IDBKeyRange | null | undefined {
  const end = behind(prefix);
  const open = after !== undefined && after >= prefix;
  const start = open ? after : prefix;
  if (end === undefined) return start === "" && !open ? null : IDBKeyRange.lowerBound(start, open);
  return start < end ? IDBKeyRange.bound(start, end, open, true) : undefined;
}

/** The least string above all that start with `prefix`; undefined when nothing is above them. */
function behind(prefix: string): string | undefined {
  for (let length = prefix.length; length > 0; length--) {
    const last = prefix.charCodeAt(length - 1);
    if (last < LAST) return prefix.slice(0, length - 1) + String.fromCharCode(last + 1);
  }
  return undefined;
}
