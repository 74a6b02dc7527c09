import type { CloudAdapter } from "@holdfast/cloud";

export declare const adapter: CloudAdapter;
export declare const bobsAdapter: CloudAdapter;
export declare const moved: CloudAdapter;
