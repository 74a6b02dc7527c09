export { countOf, formatBytes, formatCount, formatDuration } from "./format.js";
export {
  createProgressView,
  type ProgressState,
  type ProgressTarget,
  type ProgressView,
  type ProgressViewOptions,
} from "./progress.js";
export { type Style, type StyledStream, styleFor } from "./style.js";
export { type Column, formatTable } from "./table.js";
