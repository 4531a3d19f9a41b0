import { createClient } from "graphql-sse";
import { ask, follow, forgotten, step, url } from "./job.mjs";

const TRANSPORT = "SSE, distinct connections";
const client = createClient({ url, retryAttempts: 0 });
const subscribe = (query, variables, sink) =>
  client.subscribe({ query, variables }, sink);
const query = (document, variables) =>
  new Promise((resolve, reject) => {
    let answer;
    subscribe(document, variables, {
      next: (result) => (answer = result),
      error: reject,
      complete: () => resolve(answer),
    });
  });

await ask(TRANSPORT, query);
await follow(TRANSPORT, query, subscribe);
await step(TRANSPORT, "end", async () => {
  client.dispose();
  await forgotten();
});
