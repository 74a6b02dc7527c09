import type { Plugin } from "vite";

// A project in the cloud may be anywhere. An SVG is shown by a data URL, other pictures are blobs.
const POLICY = {
  "default-src": "'self'",
  "connect-src": "'self' http: https: ws: wss:",
  "img-src": "'self' blob: data:",
  "object-src": "'none'",
  "base-uri": "'none'",
  "form-action": "'none'",
};

/**
 * A page that holds a session runs the code that it was built from and no other. Not while it is developed: what renews the page then
 * is written into it.
 */
export function policy(): Plugin {
  const content = Object.entries(POLICY)
    .map(([directive, sources]) => `${directive} ${sources}`)
    .join("; ");
  return {
    name: "holdfast:policy",
    apply: "build",
    transformIndexHtml: () => [
      { tag: "meta", attrs: { "http-equiv": "Content-Security-Policy", content }, injectTo: "head-prepend" },
    ],
  };
}
