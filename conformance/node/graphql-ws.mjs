import { ask, follow, step } from "./job.mjs";
import { openSocket } from "./socket.mjs";

const TRANSPORT = "WebSocket";
const { client, close } = openSocket();
const subscribe = (query, variables, sink) =>
  client.subscribe({ query, variables }, sink);
const query = (document, variables) =>
  new Promise((resolve) => {
    let answer;
    subscribe(document, variables, {
      next: (result) => (answer = result),
      error: (cause) => resolve({ errors: [].concat(cause) }),
      complete: () => resolve(answer),
    });
  });

await ask(TRANSPORT, query);
await follow(TRANSPORT, query, subscribe);
await step(TRANSPORT, "end", close);
