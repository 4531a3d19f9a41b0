// One unmodified client of npm, driven by lines on stdin: a document (in JSON) starts a
// subscription, `null` ends it; the connection stays. It answers with lines of JSON:
// ["extensions", text], ["event", data], ["error", text], ["ended", null].
import { createInterface } from "node:readline";
import { Client, fetchExchange } from "@urql/core";
import { createClient as createSse } from "graphql-sse";
import { createClient as createWs } from "graphql-ws";
import WebSocket from "ws";

const [kind, url, compression] = process.argv.slice(2);
const tell = (name, value) =>
  process.stdout.write(JSON.stringify([name, value ?? null]) + "\n");
const fail = (cause) => tell("error", String(cause?.message ?? JSON.stringify(cause)));
const sink = {
  next: (result) =>
    result.errors ? fail(result.errors[0]) : tell("event", result.data),
  error: fail,
  complete: () => tell("ended"),
};

function overWebSocket() {
  const perMessageDeflate = compression === "on";
  class Socket extends WebSocket {
    constructor(address, protocols) {
      super(address, protocols, { perMessageDeflate });
    }
  }
  const client = createWs({
    url: url.replace("http", "ws"),
    webSocketImpl: Socket,
    lazyCloseTimeout: 60_000,
    on: { connected: (socket) => tell("extensions", socket.extensions) },
  });
  return (query) => client.subscribe({ query }, sink);
}

function overEvents() {
  const client = createSse({ url });
  return (query) => client.subscribe({ query }, sink);
}

function overUrql() {
  const client = new Client({
    url,
    exchanges: [fetchExchange],
    fetchSubscriptions: true,
    preferGetMethod: false,
  });
  return (query) => {
    const { unsubscribe } = client
      .subscription(query, {})
      .subscribe(({ data, error }) => (error ? fail(error) : tell("event", data)));
    return unsubscribe;
  };
}

const subscribe = {
  "graphql-ws": overWebSocket,
  "graphql-sse": overEvents,
  urql: overUrql,
}[kind]();
let end = () => {};
for await (const line of createInterface({ input: process.stdin })) {
  const query = JSON.parse(line);
  if (query === null) end();
  else end = subscribe(query);
}
process.exit(0);
