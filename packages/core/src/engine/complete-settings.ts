import type { EncryptionSettings, KeyProvider } from "../contract/encryption.js";
import { DEFAULT_REALM, isRealm } from "../encryption/format.js";
import { invalid, unlike } from "../invalid-option.js";
import { type Ports, systemPorts } from "../ports.js";
import type { HistoryLimits } from "../spi/index.js";
import { rejectUnknown, requireBoolean, requireFunction, requireObject } from "./arguments.js";
import {
  type CompleteEncryption,
  type CompleteSettings,
  DEFAULT_RETRY,
  DEFAULT_SETTINGS,
  type HistorySettings,
  type RetryPolicy,
  type RetrySettings,
  type StorageSettings,
} from "./settings.js";

const SETTINGS = [
  "compress",
  "json",
  "retry",
  "history",
  "closeTimeout",
  "onOperation",
  "operationKeys",
  "metrics",
  "encryption",
  "ports",
] as const satisfies readonly (keyof StorageSettings)[];
const DEFAULT_VERSIONS = 10;

/** Checks and completes; throws INVALID_OPTION. */
export function completeSettings(settings: StorageSettings): CompleteSettings {
  rejectUnknown("setting", settings, SETTINGS);
  const { compress = DEFAULT_SETTINGS.compress, json = DEFAULT_SETTINGS.json, retry = {}, history } = settings;
  const { closeTimeout = DEFAULT_SETTINGS.closeTimeout, ports = {}, onOperation } = settings;
  const { operationKeys = DEFAULT_SETTINGS.operationKeys, metrics = DEFAULT_SETTINGS.metrics, encryption } = settings;
  requireBoolean("compress", compress);
  if (json !== "compact" && json !== "pretty") {
    throw unlike(`json is "compact" or "pretty"`, json);
  }
  requireDuration("closeTimeout", closeTimeout);
  if (onOperation !== undefined) requireFunction("onOperation", onOperation);
  if (operationKeys !== "plain" && operationKeys !== "hash" && operationKeys !== "none") {
    throw unlike(`operationKeys is "plain", "hash" or "none"`, operationKeys);
  }
  requireBoolean("metrics", metrics);
  return {
    compress,
    json,
    retry: retry === false ? false : completeRetry(retry),
    history: history === undefined ? undefined : completeHistory(history),
    closeTimeout,
    onOperation,
    operationKeys,
    metrics,
    encryption: encryption === undefined ? undefined : completeEncryption(encryption),
    ports: completePorts(ports),
  };
}

function completeRetry(retry: RetrySettings): RetryPolicy {
  rejectUnknown("retry setting", retry, ["retries", "minDelay", "maxDelay"]);
  const complete = {
    retries: retry.retries ?? DEFAULT_RETRY.retries,
    minDelay: retry.minDelay ?? DEFAULT_RETRY.minDelay,
    maxDelay: retry.maxDelay ?? DEFAULT_RETRY.maxDelay,
  };
  for (const [name, value] of Object.entries(complete)) requireDuration(`retry.${name}`, value);
  return complete;
}

function completeHistory(history: boolean | HistorySettings): HistoryLimits | false {
  if (history === false) return false;
  const limits = history === true ? {} : history;
  rejectUnknown("history setting", limits, ["versions", "age"]);
  const { versions = DEFAULT_VERSIONS, age = Number.POSITIVE_INFINITY } = limits;
  if (!Number.isSafeInteger(versions) || versions < 1) {
    throw unlike("history.versions is a whole number from 1 on", versions);
  }
  if (typeof age !== "number" || !(age > 0)) {
    throw unlike("history.age is a number of milliseconds above 0", age);
  }
  return { versions, age };
}

function completeEncryption(settings: EncryptionSettings): CompleteEncryption {
  rejectUnknown("encryption setting", settings, ["keys", "byDefault", "required", "metadata", "realm"]);
  const { keys, byDefault = true, required = false, metadata = false, realm = DEFAULT_REALM } = settings;
  if (typeof (keys as Partial<KeyProvider> | undefined)?.load !== "function") {
    throw unlike("encryption.keys is a key provider, such as osKeychain() of @holdfast/keychain", keys);
  }
  requireBoolean("encryption.byDefault", byDefault);
  requireBoolean("encryption.required", required);
  if (required && !byDefault) throw invalid("encryption is required, so byDefault cannot be false");
  requireBoolean("encryption.metadata", metadata);
  if (!isRealm(realm)) throw unlike("encryption.realm is text of 1 to 255 bytes without control characters", realm);
  return { keys, byDefault, required, metadata, realm };
}

// What is given may be an object of some class with more to it, such as a simulation.
function completePorts(ports: Partial<Ports>): Ports {
  requireObject("ports is an object with a clock, random or timers", ports);
  const { clock, random, timers } = ports;
  return {
    clock: clock ?? systemPorts.clock,
    random: random ?? systemPorts.random,
    timers: timers ?? systemPorts.timers,
  };
}

function requireDuration(name: string, value: unknown): void {
  if (typeof value !== "number" || !(value >= 0) || value > 2 ** 31 - 1) {
    throw unlike(`${name} is a number from 0 to 2,147,483,647`, value);
  }
}
