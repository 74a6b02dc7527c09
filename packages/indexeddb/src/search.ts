import type { ParsedQuery, RecordHeader } from "@holdfast/core";
import type { Connection } from "./connection.js";
import { firstOf, STEP, wholly } from "./hits.js";
import { living } from "./reads.js";
import { answered } from "./requests.js";
import { toStored } from "./stored-key.js";
import { newest } from "./summary.js";

export async function query(connection: Connection, asked: ParsedQuery, now: number): Promise<RecordHeader[]> {
  const { order, where } = asked;
  const isPlain = where.length === 0 && (order.by === "rank" || (order.by === "key" && !order.descending));
  // Loaded before there is a transaction, which would not wait for it.
  if (!isPlain) return (await import("./filtered-search.js")).query(connection, asked, now);
  return firstOf(await connection.begin(["records"], "readonly"), asked, now, () => true);
}

export async function count(connection: Connection, asked: ParsedQuery, now: number): Promise<number> {
  if (asked.where.length > 0) return (await import("./filtered-search.js")).count(connection, asked, now);
  const transaction = await connection.begin(["records", "feed"], "readonly");
  const expires = transaction.objectStore("records").index("expires");
  const found = await wholly(transaction, asked);
  let sum = 0;
  if (found !== undefined) {
    const expired = new Set(await answered(expires.getAllKeys(IDBKeyRange.upperBound(now))));
    for (const key of found) if (!expired.has(key)) sum++;
  } else if (asked.prefix === "") {
    const { items } = await newest(transaction.objectStore("feed"));
    sum = items - (await answered(expires.count(IDBKeyRange.upperBound(now))));
  } else
    for await (const some of living(transaction, { prefix: toStored(asked.prefix) }, STEP, now)) sum += some.length;
  return sum;
}
