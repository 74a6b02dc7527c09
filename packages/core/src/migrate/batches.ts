import { concurrently } from "../engine/concurrently.js";
import { CallerError } from "../engine/failure.js";
import { headersBelow } from "../engine/scan.js";
import { checkPrefix } from "../keys.js";
import type { RecordHeader } from "../spi/index.js";
import { type Move, moveOf, plainMove } from "./moves.js";
import type { Run } from "./run.js";

const MOST_ITEMS = 256;
const MOST_BYTES = 8 * 1024 * 1024;
/** Items of a batch for each one in flight. */
const PER_PLACE = 16;

export interface Batch {
  /** In the order of the source's keys; without what filter and transform leave out. */
  readonly moves: readonly Move[];
  /** The last key, as the source calls it, chosen or not. */
  readonly last: string;
}

/** The source's items behind `after`, a batch at a time. `fail` is told of items that cannot be moved. */
export async function* batches(
  run: Run,
  after: string | undefined,
  fail: (key: string, error: unknown) => Promise<void>,
): AsyncGenerator<Batch> {
  for await (const headers of groups(run, after)) {
    run.checkWanted();
    const last = headers.at(-1);
    if (last === undefined) continue;
    yield { moves: await movesOf(run, headers, fail), last: run.relative(last.key) };
  }
}

async function movesOf(
  run: Run,
  headers: readonly RecordHeader[],
  fail: (key: string, error: unknown) => Promise<void>,
): Promise<Move[]> {
  const moves = new Map<RecordHeader, Move>();
  // Nothing of the caller's to wait for.
  const { filter, transform } = run.options;
  if (filter === undefined && transform === undefined) {
    for (const header of headers) {
      try {
        moves.set(header, plainMove(run, header));
      } catch (error) {
        await fail(run.relative(header.key), error);
      }
    }
    return [...moves.values()];
  }
  await concurrently(headers, run.concurrency, async (header) => {
    try {
      const move = await moveOf(run, header);
      if (move !== undefined) moves.set(header, move);
    } catch (error) {
      if (error instanceof CallerError) throw error;
      await fail(run.relative(header.key), error);
    }
  });
  return headers.flatMap((header) => moves.get(header) ?? []);
}

async function* groups(run: Run, after: string | undefined): AsyncGenerator<RecordHeader[]> {
  const { source, options, operation, concurrency } = run;
  const most = Math.min(MOST_ITEMS, concurrency * PER_PLACE);
  const range = {
    prefix: source.prefix + checkPrefix(options.prefix ?? ""),
    after: after === undefined ? undefined : source.prefix + after,
    limit: Number.MAX_SAFE_INTEGER,
  };
  let group: RecordHeader[] = [];
  let bytes = 0;
  for await (const page of headersBelow(source.session, operation, range)) {
    for (const header of page) {
      if (group.length === most || (group.length > 0 && bytes + header.storedSize > MOST_BYTES)) {
        yield group;
        group = [];
        bytes = 0;
      }
      group.push(header);
      bytes += header.storedSize;
    }
  }
  if (group.length > 0) yield group;
}
