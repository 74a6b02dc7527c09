import type { TestProject } from "vitest/node";
import { writeModules } from "../src/compile.ts";
import type { Module } from "../src/modules.ts";
import { readPages } from "../src/pages.ts";

declare module "vitest" {
  interface ProvidedContext {
    modules: Module[];
  }
}

/** Before all tests, so that those that compile the blocks and those that run them meet the same ones. */
export function setup({ provide }: TestProject): void {
  provide("modules", writeModules(readPages()));
}
