import { browserTests } from "@holdfast/browser";

export default browserTests();
