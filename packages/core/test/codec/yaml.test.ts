import { describe, expect, it } from "vitest";
import { encodeYaml } from "../../dist/codec/yaml.js";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe("a yaml writer that", () => {
  const writers: [string, (value: unknown) => string][] = [
    ["says something else", () => "a: 2\n"],
    ["makes what nobody can read", () => "a: [1"],
    [
      "fails",
      () => {
        throw new RangeError("Maximum call stack size exceeded");
      },
    ],
  ];

  it.each(writers)("%s has its value written as JSON, laid out for people", (_, writer) => {
    expect(text(encodeYaml('{"a":1}', writer))).toBe('{\n  "a": 1\n}\n');
  });

  it("leaves a lone surrogate as it is, which no file can hold, has it written as JSON does", () => {
    expect(text(encodeYaml('"\\ud800"', (value) => `"${value}"`))).toBe('"\\ud800"\n');
  });

  it("is right is taken at its word", () => {
    expect(text(encodeYaml('{"a":1}', () => "{ a: 1 } # one"))).toBe("{ a: 1 } # one");
  });
});

describe("what neither YAML nor JSON reads back as", () => {
  it("is refused", () => {
    // A space that no writer knows of.
    expect(() => encodeYaml("[1, 2]")).toThrow(expect.objectContaining({ code: "INVALID_VALUE" }));
  });

  it("is refused with what the reader says of it", () => {
    const deep = `${"[".repeat(1_000)}${"]".repeat(1_000)}`;
    const refusal = { code: "INVALID_VALUE", cause: expect.objectContaining({ name: "YAMLException" }) };
    expect(() => encodeYaml(deep)).toThrow(expect.objectContaining(refusal));
  });
});
