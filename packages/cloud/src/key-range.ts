const FIRST_SURROGATE = 0xd800;
const AFTER_SURROGATES = 0xe000;
const LAST_CODE_POINT = 0x10ffff;

/** The least string above all that start with `prefix`, by code points; null when there is none. `prefix` is well-formed. */
export function following(prefix: string): string | null {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  while (points.length > 0) {
    const last = points.pop() ?? 0;
    if (last === LAST_CODE_POINT) continue;
    points.push(last + 1 === FIRST_SURROGATE ? AFTER_SURROGATES : last + 1);
    return String.fromCodePoint(...points);
  }
  return null;
}
