import { render } from "preact";
import { useRef } from "preact/hooks";
import { App } from "./app.tsx";
import { CannotOpen } from "./components/cannot-open.tsx";
import { Opening } from "./components/opening.tsx";
import { useFocusKept } from "./components/use-focus-kept.ts";
import { Stage } from "./store/stage.ts";

const root = document.getElementById("app");
if (root === null) throw new Error("index.html has no element #app");

const stage = new Stage();
render(<Shown />, root);
void stage.start();

function Shown() {
  const shown = stage.shown.value;
  const items = useRef<HTMLElement>(null);
  useFocusKept(items);
  if (shown.is === "opening") return <Opening stage={stage} inCloud={shown.inCloud} />;
  if (shown.is === "failure") return <CannotOpen stage={stage} failure={shown} />;
  // Nothing of one store is to be seen in the other.
  return <App key={shown.library.number} stage={stage} library={shown.library} items={items} />;
}

// A development server has files that change.
if (import.meta.env.PROD && "serviceWorker" in navigator) {
  // Without it everything works but a start without a network.
  navigator.serviceWorker.register("./service-worker.js").catch(console.warn);
}
