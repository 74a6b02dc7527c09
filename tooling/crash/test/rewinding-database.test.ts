import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { digestOf } from "../src/replay/item-database.ts";
import { RewindingDatabase } from "../src/replay/rewinding-database.ts";

function stored(): Uint8Array {
  const database = new Database(":memory:");
  database.exec("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT); INSERT INTO notes VALUES (1, 'as it was')");
  database.exec("CREATE VIRTUAL TABLE search USING fts5(text); INSERT INTO search VALUES ('some words')");
  return database.serialize();
}

describe("a database that is rewound", () => {
  const open = () => {
    const database = new RewindingDatabase(stored());
    const connect = () => database.driver.open("", "readwrite");
    return { database, connect, all: () => database.tables().map(digestOf).join() };
  };

  it("shows a store what it writes, and the next one nothing of it", async () => {
    const { database, connect, all } = open();
    const before = all();
    const first = await connect();
    const write = first.prepare("INSERT INTO notes VALUES (?, ?)");
    first.exec("BEGIN IMMEDIATE");
    expect(first.inTransaction).toBe(true);
    write.run(2, "new");
    first.exec("COMMIT");
    expect(first.inTransaction).toBe(false);
    expect(first.prepare("SELECT count(*) AS count FROM notes").get()).toEqual({ count: 2 });
    expect(all()).not.toBe(before);
    database.rewind();
    const second = await connect();
    expect(second.prepare("SELECT count(*) AS count FROM notes").get()).toEqual({ count: 1 });
    expect(all()).toBe(before);
  });

  it("undoes a transaction that is rolled back, and one that nobody ended", async () => {
    const { database, connect, all } = open();
    const before = all();
    const connection = await connect();
    connection.exec("BEGIN");
    connection.exec("UPDATE notes SET text = 'other'");
    connection.exec("ROLLBACK");
    expect(all()).toBe(before);
    connection.exec("BEGIN IMMEDIATE; UPDATE notes SET text = 'other'");
    expect(all()).not.toBe(before);
    database.rewind();
    expect(all()).toBe(before);
  });

  it("sees what changes behind the search index", async () => {
    const { database, connect, all } = open();
    const before = all();
    const connection = await connect();
    connection.prepare("INSERT INTO search VALUES (?)").run("more words");
    expect(all()).not.toBe(before);
    database.rewind();
    expect(all()).toBe(before);
    expect((await connect()).prepare("SELECT count(*) AS count FROM search('more')").get()).toEqual({ count: 0 });
  });

  it("refuses a transaction within another, and an end without a beginning", async () => {
    const { connect } = open();
    const connection = await connect();
    expect(() => connection.exec("COMMIT")).toThrow("no transaction is active");
    connection.exec("BEGIN");
    expect(() => connection.exec("BEGIN IMMEDIATE")).toThrow("a transaction within a transaction");
  });
});
