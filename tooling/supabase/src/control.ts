import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Question, Rows } from "./messages.ts";

export interface Control {
  /** Nobody can guess it. */
  readonly url: string;
  stop(): void;
}

/** Answers the questions of the processes that share a server. */
export async function serveControl(answer: (question: Question) => Promise<unknown[]>): Promise<Control> {
  const path = `/${crypto.randomUUID()}`;
  const server = createServer({ keepAliveTimeout: 120_000 }, async (incoming, outgoing) => {
    if (incoming.url !== path) return void outgoing.writeHead(404).end();
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    outgoing.end(JSON.stringify(await rowsOf(answer, JSON.parse(Buffer.concat(chunks).toString()) as Question)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function rowsOf(answer: (question: Question) => Promise<unknown[]>, question: Question): Promise<Rows> {
  try {
    return { rows: await answer(question) };
  } catch (error) {
    return { failed: error instanceof Error ? `${error.message} ${String(error.cause ?? "")}` : String(error) };
  }
}
