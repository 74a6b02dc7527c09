import { subscribe } from "node:diagnostics_channel";
import type { OperationEvent } from "@holdfast/core";

subscribe("holdfast:operation", (message) => {
  const { op, adapter, keyHash, milliseconds } = message as OperationEvent;
  if (milliseconds > 100)
    process.emitWarning(`slow: ${adapter} ${op} ${keyHash ?? ""} took ${Math.round(milliseconds)} ms`);
});
