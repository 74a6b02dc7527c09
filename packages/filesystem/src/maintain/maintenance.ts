import type { Maintenance } from "@holdfast/core";
import { shrinkStore, trimTables } from "@holdfast/sqlite/item-table";
import type { FileStore } from "../file-store.js";
import { checkFiles } from "./check-files.js";
import { repairFiles } from "./repair-files.js";

export function maintenanceOf(opened: () => FileStore): Maintenance {
  return {
    check: ({ signal }) => checkFiles(opened(), signal),
    repair: ({ signal }) => repairFiles(opened(), signal),
    async compact({ signal }) {
      const store = opened();
      const { group, connection, table, context } = store;
      await group.submit(() => trimTables(connection, table, context.ports.clock.now()), { signal });
      await shrinkStore(store, signal);
    },
  };
}
