// What a database file says of itself, as docs/sqlite.md has it.

/** `HOLD`. */
export const APPLICATION_ID = 0x484f4c44;
export const LAYOUT = 3;
