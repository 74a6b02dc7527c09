// Runs the demo along a route on which one store damages one body on its way in.
import { join } from "node:path";
import { sqlite } from "@holdfast/sqlite";
import { openStorage, type StorageAdapter, type WriteRecord } from "holdfast";
import { main } from "../../dist/main.js";
import { ROUTE, type Stop } from "../../dist/route.js";

const DAMAGED = "flags/fra.svg";

const damaging: Stop = {
  name: "damaging",
  open: (folder) => openStorage(damagingOneBody(sqlite({ path: join(folder, "damaging.db") }))),
};

await main([...ROUTE.slice(0, 1), damaging]);

function damagingOneBody(adapter: StorageAdapter): StorageAdapter {
  const damaged = (record: WriteRecord): WriteRecord =>
    record.header.key === DAMAGED ? { ...record, body: record.body.map((byte) => byte ^ 1) } : record;
  const own: Partial<StorageAdapter> = {
    put: (record, condition, options) => adapter.put(damaged(record), condition, options),
    batch: (writes, options) => {
      if (adapter.batch === undefined) throw new Error("the adapter has no batches");
      const stored = writes.map((write) =>
        write.type === "put" ? { ...write, record: damaged(write.record) } : write,
      );
      return adapter.batch(stored, options);
    },
  };
  return new Proxy(adapter, {
    get(target, name) {
      if (Object.hasOwn(own, name)) return Reflect.get(own, name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
