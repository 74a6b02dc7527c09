import { browserTests } from "@holdfast/browser";

export default browserTests({
  window: ["test/browser/**/*.test.ts"],
  node: ["test/**/*.test.ts"],
  windowSetup: "test/browser/serve.ts",
  nodeSetup: "test/support/serve.ts",
});
