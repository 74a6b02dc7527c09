// Runs the demo along the part of the route that needs no server: each request would take its time once more.
import { main } from "../../dist/main.js";
import { ROUTE } from "../../dist/route.js";

await main(
  ROUTE.slice(
    0,
    ROUTE.findIndex(({ name }) => name === "embedded Supabase"),
  ),
);
