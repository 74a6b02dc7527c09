export { nodeTests as default } from "@holdfast/vitest-preset";
