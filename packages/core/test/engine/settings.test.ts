import { systemPorts } from "@holdfast/core";
import { describe, expect, it } from "vitest";
import { completeSettings } from "../../dist/engine/complete-settings.js";
import { DEFAULT_SETTINGS, type StorageSettings } from "../../dist/engine/settings.js";
import { FakePorts } from "../support/fake-ports.js";

describe("settings", () => {
  it("have the documented defaults", () => {
    const complete = {
      compress: false,
      json: "compact",
      retry: { retries: 3, minDelay: 50, maxDelay: 2_000 },
      history: undefined,
      closeTimeout: 10_000,
      onOperation: undefined,
      operationKeys: "hash",
      metrics: false,
      ports: systemPorts,
    };
    expect(DEFAULT_SETTINGS).toEqual(complete);
    expect(completeSettings({})).toEqual(complete);
    expect(completeSettings({ retry: {}, ports: {} })).toEqual(complete);
  });

  it("are taken as they are given, one by one", () => {
    const { clock, random, timers } = new FakePorts();
    expect(completeSettings({ compress: true, json: "pretty", closeTimeout: 0, ports: { clock } })).toMatchObject({
      compress: true,
      json: "pretty",
      closeTimeout: 0,
      ports: { clock, random: systemPorts.random, timers: systemPorts.timers },
    });
    expect(completeSettings({ ports: { random, timers } }).ports).toEqual({ clock: systemPorts.clock, random, timers });
    expect(completeSettings({ retry: false }).retry).toBe(false);
    expect(completeSettings({ retry: { retries: 0 } }).retry).toEqual({ retries: 0, minDelay: 50, maxDelay: 2_000 });
    expect(completeSettings({ retry: { minDelay: 1, maxDelay: 2 ** 31 - 1 } }).retry).toEqual({
      retries: 3,
      minDelay: 1,
      maxDelay: 2 ** 31 - 1,
    });
  });

  it("complete the limits of history", () => {
    expect(completeSettings({}).history).toBe(undefined);
    expect(completeSettings({ history: false }).history).toBe(false);
    const unlimited = Number.POSITIVE_INFINITY;
    expect(completeSettings({ history: true }).history).toEqual({ versions: 10, age: unlimited });
    expect(completeSettings({ history: {} }).history).toEqual({ versions: 10, age: unlimited });
    expect(completeSettings({ history: { versions: 1 } }).history).toEqual({ versions: 1, age: unlimited });
    expect(completeSettings({ history: { age: 0.5 } }).history).toEqual({ versions: 10, age: 0.5 });
  });

  it.each<[settings: object, named: string]>([
    [{ closeTimeout: 2 ** 31 }, "closeTimeout"],
    [{ closeTimeout: "1" }, "closeTimeout"],
    [{ retry: { minDelay: -0.5 } }, "retry.minDelay"],
    [{ retry: { maxDelay: 2 ** 31 } }, "retry.maxDelay"],
    [{ retry: 3 }, "retry setting"],
    [{ json: "" }, "json"],
    [{ onOperation: {} }, "onOperation"],
    [{ operationKeys: "hashed" }, "operationKeys"],
    [{ metrics: "yes" }, "metrics"],
    [{ history: { versions: 0 } }, "history.versions"],
    [{ history: { versions: 1.5 } }, "history.versions"],
    [{ history: { versions: Number.POSITIVE_INFINITY } }, "history.versions"],
    [{ history: { versions: "3" } }, "history.versions"],
    [{ history: { age: 0 } }, "history.age"],
    [{ history: { age: Number.NaN } }, "history.age"],
    [{ history: { age: "1d" } }, "history.age"],
    [{ history: { days: 1 } }, "history setting"],
    [{ history: 3 }, "history setting"],
    [{ history: null }, "history setting"],
    [{ ports: null }, "ports is an object"],
    [{ ports: 5 }, "ports is an object"],
  ])("refuse %j, naming %s", (settings, named) => {
    expect(() => completeSettings(settings as StorageSettings)).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION", message: expect.stringContaining(named) }),
    );
  });
});
