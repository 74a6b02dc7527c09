// Runs the demo along a route on which one store damages one body on its way in.
import { join } from "node:path";
import { sqlite } from "@holdfast/sqlite";
import { openStorage, type StorageAdapter } from "holdfast";
import { main } from "../../dist/main.js";
import { ROUTE, type Stop } from "../../dist/route.js";

const DAMAGED = "flags/fra.svg";

const damaging: Stop = {
  name: "damaging",
  open: (folder) => openStorage(damagingOneBody(sqlite({ path: join(folder, "damaging.db") }))),
};

await main([...ROUTE.slice(0, 1), damaging]);

function damagingOneBody(adapter: StorageAdapter): StorageAdapter {
  const put: StorageAdapter["put"] = (record, condition, options) => {
    const { body, header } = record;
    const stored = header.key === DAMAGED ? { ...record, body: body.map((byte) => byte ^ 1) } : record;
    return adapter.put(stored, condition, options);
  };
  return new Proxy(adapter, {
    get(target, name) {
      if (name === "put") return put;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
