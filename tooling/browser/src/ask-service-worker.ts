import type { Page } from "playwright";

/**
 * Registers the module at `/worker.js` of a page's origin as a service worker, sends it a message with a port, and resolves to what comes
 * back through that.
 */
export function askServiceWorker(page: Page, message: unknown): Promise<unknown> {
  return page.evaluate(async (sent) => {
    await navigator.serviceWorker.register("/worker.js", { type: "module" });
    const { active } = await navigator.serviceWorker.ready;
    const { port1, port2 } = new MessageChannel();
    return new Promise<unknown>((resolve) => {
      port1.onmessage = ({ data }) => resolve(data);
      active?.postMessage(sent, [port2]);
    });
  }, message);
}
