import type { OperationEvent } from "@holdfast/core";
import { metrics } from "@opentelemetry/api";

const meter = metrics.getMeter("holdfast");
const duration = meter.createHistogram("holdfast.operation.duration", { unit: "s" });
const bytes = meter.createCounter("holdfast.operation.bytes", { unit: "By" });
const retries = meter.createCounter("holdfast.operation.retries");

export function toOpenTelemetry(event: OperationEvent): void {
  const attributes = { "holdfast.op": event.op, "holdfast.adapter": event.adapter, "holdfast.outcome": event.outcome };
  duration.record(event.milliseconds / 1000, attributes);
  if (event.bytes > 0) bytes.add(event.bytes, attributes);
  if (event.retries > 0) retries.add(event.retries, attributes);
}
