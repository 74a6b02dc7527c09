// Writes docs/benchmarks.md and its plots anew from docs/benchmarks/results.json, without measuring anything.
import { writeReport } from "./report/files.ts";

writeReport();
