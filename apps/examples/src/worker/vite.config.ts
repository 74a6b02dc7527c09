import { defineConfig } from "vite";

// Workers that await at their top level are modules.
export default defineConfig({ worker: { format: "es" } });
