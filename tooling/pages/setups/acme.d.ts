/** A package for the examples of `register`. */
declare module "@acme/holdfast" {
  export function acme(options: { bucket: string }): import("@holdfast/core").StorageAdapter;
}
