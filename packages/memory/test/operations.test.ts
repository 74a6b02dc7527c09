// What docs/operations.md shows stands in examples/; tooling/pages compares the two.
import { SimulatedPorts } from "@holdfast/conformance";
import { type OperationEvent, openStorage } from "@holdfast/core";
import { memory } from "@holdfast/memory";
import { metrics } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { expect, it, onTestFinished, vi } from "vitest";
import * as z from "zod";

it("hands operations to OpenTelemetry", async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] });
  metrics.setGlobalMeterProvider(provider);
  onTestFinished(() => provider.shutdown());
  const { toOpenTelemetry } = await import("./examples/open-telemetry.js");

  const storage = await openStorage(memory(), { onOperation: toOpenTelemetry });
  await storage.save("a", new Uint8Array(10));
  await storage.save("b", new Uint8Array(5));
  await storage.save("b", 1, { ifVersion: null }).catch(() => undefined);
  await provider.forceFlush();

  const told = exporter.getMetrics().at(-1)?.scopeMetrics[0]?.metrics ?? [];
  const points = Object.fromEntries(told.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints]));
  const saved = { "holdfast.op": "save", "holdfast.adapter": "memory" };
  expect(points["holdfast.operation.duration"]).toMatchObject([
    { attributes: { ...saved, "holdfast.outcome": "ok" }, value: { count: 2 } },
    { attributes: { ...saved, "holdfast.outcome": "CONFLICT" }, value: { count: 1 } },
  ]);
  expect(points["holdfast.operation.bytes"]?.[0]).toMatchObject({ value: 15 });
});

it("counts the bytes of versions, of what is restored, and of collections", async () => {
  const events: OperationEvent[] = [];
  const onOperation = (event: OperationEvent) => events.push(event);
  const storage = await openStorage(memory(), { history: true, onOperation, operationKeys: "plain" });
  const { version } = await storage.save("a", "12345");
  await storage.save("a", "1");
  await storage.load("a", { version });
  await (await storage.loadStream("a", { version }))?.cancel();
  await storage.diff("a", version);
  await storage.restore("a", version);
  const notes = storage.collection("notes", { schema: z.object({ text: z.string() }), version: "1.0" });
  await notes.save("n", { text: "x" });
  await notes.load("n");
  await notes.batch([{ type: "save", key: "m", data: { text: "y" } }]);
  for await (const _ of storage.changes()) break;
  expect(events.map(({ op, key = "", bytes }) => `${op} ${key} ${bytes}`)).toEqual([
    "save a 7",
    "save a 3",
    "load a 7",
    "loadStream a 7",
    "diff a 10",
    "restore a 14",
    "save notes/n 12",
    "load notes/n 12",
    "batch  12",
    "changes  0",
    "changes  0",
  ]);
});

it("warns of slow operations from the diagnostics channel", async () => {
  const warn = vi.spyOn(process, "emitWarning").mockReturnValue(undefined);
  await import("./examples/slow-operations.js");
  const ports = new SimulatedPorts();
  const adapter = memory();
  const storage = await openStorage(adapter, { ports });
  await storage.save("a", 1);
  const { get } = adapter;
  adapter.get = async (...values) => {
    await ports.advance(250);
    return get.apply(adapter, values);
  };
  await storage.load("a");
  expect(warn.mock.calls).toEqual([["slow: memory load ca978112ca1bbdca took 250 ms"]]);
});
