import { render } from "preact";
import { App } from "./app.tsx";
import { CannotOpen } from "./components/cannot-open.tsx";
import { Library } from "./store/library.ts";
import { openSession } from "./store/session.ts";

const root = document.getElementById("app");
if (root === null) throw new Error("index.html has no element #app");

try {
  const library = await Library.start(await openSession());
  render(<App library={library} />, root);
} catch (error) {
  render(<CannotOpen error={error} />, root);
}

// A development server has files that change.
if (import.meta.env.PROD && "serviceWorker" in navigator) {
  // Without it everything works but a start without a network.
  navigator.serviceWorker.register("./service-worker.js").catch(console.warn);
}
