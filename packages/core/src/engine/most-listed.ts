/** Keeps a report within bounds on a disaster of millions of items. */
export const MOST_LISTED = 10_000;
