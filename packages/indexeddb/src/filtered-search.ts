import { type Hit, matchesWhere, type ParsedQuery, type RecordHeader, selectHits } from "@holdfast/core";
import type { Connection } from "./connection.js";
import { byKey, firstOf, STEP } from "./hits.js";

// What needs every record that tags and terms leave: comparisons, and orders for which there is no index.

export async function query(connection: Connection, asked: ParsedQuery, now: number): Promise<RecordHeader[]> {
  const transaction = await connection.begin(["records"], "readonly");
  const { by } = asked.order;
  if (by === "rank" || (by === "key" && !asked.order.descending)) {
    return firstOf(transaction, asked, now, (header) => matchesWhere(header, asked.where));
  }
  const hits: Hit[] = [];
  for await (const some of everyHit(transaction, asked, now)) hits.push(...some);
  return selectHits(hits, asked);
}

export async function count(connection: Connection, asked: ParsedQuery, now: number): Promise<number> {
  const transaction = await connection.begin(["records"], "readonly");
  let sum = 0;
  for await (const some of everyHit(transaction, asked, now)) sum += some.length;
  return sum;
}

async function* everyHit(transaction: IDBTransaction, asked: ParsedQuery, now: number): AsyncGenerator<Hit[]> {
  for await (const some of byKey(transaction, asked, now, STEP)) {
    yield some.filter(({ header }) => matchesWhere(header, asked.where));
  }
}
