import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import { decodeValue } from "../../dist/codec/decode-value.js";
import { encodeValue } from "../../dist/codec/encode-value.js";
import { MAX_YAML_DEPTH } from "../../dist/codec/exact.js";
import { encoding, headerOf } from "./samples.js";

it("small values need no promise on Node", () => {
  for (const compress of [false, true]) {
    for (const value of [{ a: "x".repeat(1_000) }, new Uint8Array(1_000)]) {
      const encoded = encodeValue(value, encoding({ compress }));
      if (encoded instanceof Promise) throw new Error("encoding made a promise");
      expect(encoded.compression).toBe(compress ? "gzip" : null);
      expect(decodeValue(headerOf(encoded), encoded.body)).toStrictEqual(value);
    }
  }
});

// What one thread saves another must load: a stack of 512 KiB is what some browsers give their workers.
it.each(["block style", "JSON, which is what the yaml library cannot write"])(
  "the deepest yaml there may be loads on half the usual stack: %s",
  async (style) => {
    let value: unknown = "bottom";
    for (let level = 2; level < MAX_YAML_DEPTH; level++) value = level % 2 === 0 ? [value] : { a: value };
    const deepest = style === "block style" ? { a: [value] } : { "--- a": [value] };
    const { body, ...facts } = await encodeValue(deepest, encoding({ format: "yaml" }));
    expect(String.fromCharCode(body[0] ?? 0)).toBe(style === "block style" ? "a" : "{");
    const script = `
      const { parentPort, workerData } = await import("node:worker_threads");
      const { decodeValue } = await import(workerData.codec);
      try {
        await decodeValue(workerData.header, workerData.body);
        parentPort.postMessage("loaded");
      } catch (error) {
        parentPort.postMessage(String(error));
      }`;
    const codec = new URL("../../dist/codec/decode-value.js", import.meta.url).href;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`), {
      workerData: { codec, header: headerOf(facts), body },
      resourceLimits: { stackSizeMb: 0.5 },
    });
    const answer = await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
    expect(answer).toBe("loaded");
    await worker.terminate();
  },
);
