import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { expect, forgotten, socketUrl } from "./job.mjs";

/** Return a graphql-ws client and how to end it; it closes with the code for "done". */
export function openSocket() {
  let tellClosed;
  const closed = new Promise((resolve) => (tellClosed = resolve));
  const client = createClient({
    url: socketUrl,
    webSocketImpl: WebSocket,
    lazy: false, // an operation that begins while an idle socket closes ends with it
    retryAttempts: 0,
    on: { closed: tellClosed },
  });
  const close = async () => {
    await client.dispose();
    const { code } = await closed;
    await forgotten();
    expect(code === 1000, `closed with ${code}`);
  };
  return { client, close };
}
