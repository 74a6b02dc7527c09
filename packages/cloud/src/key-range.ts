export { afterPrefix as following } from "@holdfast/core";
