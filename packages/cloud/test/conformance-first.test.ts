import { describeParts } from "./support/describe-parts.ts";
import { parts } from "./support/suite-parts.ts";

describeParts(parts.first);
