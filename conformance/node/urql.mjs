import { Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { ask, askByHash, fetchStream, follow, forgotten, step, url } from "./job.mjs";
import { openSocket } from "./socket.mjs";

function told({ data, error }) {
  if (error?.networkError) throw error.networkError;
  return { data, errors: error?.graphQLErrors };
}

const make = (options) =>
  new Client({ url, exchanges: [fetchExchange], preferGetMethod: false, ...options });
const asker = (client) => async (document, variables) =>
  told(await client.query(document, variables).toPromise());
const follower = (client) => (document, variables, sink) => {
  const results = client.subscription(document, variables);
  const { unsubscribe } = results.subscribe((result) => {
    try {
      sink.next(told(result));
      if (!result.hasNext || result.error) sink.complete();
    } catch (cause) {
      sink.error(cause);
    }
  });
  return unsubscribe;
};

await ask("HTTP POST", asker(make({})));
await ask("HTTP GET", asker(make({ preferGetMethod: "force" })));

const streaming = make({
  fetch: fetchStream("text/event-stream"),
  fetchSubscriptions: true,
});
await follow("HTTP stream (SSE)", asker(streaming), follower(streaming));
await step("HTTP stream (SSE)", "end", forgotten);

const overSocket = ({ client }, enableAllOperations) =>
  make({
    exchanges: [
      subscriptionExchange({
        enableAllOperations,
        forwardSubscription: (request) => ({
          subscribe: (sink) => ({ unsubscribe: client.subscribe(request, sink) }),
        }),
      }),
    ],
  });
// Apart from the subscriptions: urql ends a query at its result, and graphql-ws 6.4.2
// counts that and the completion that comes with it as two who have left its socket.
const asked = openSocket();
await ask("WebSocket", asker(overSocket(asked, true)));
await asked.client.dispose();
const followed = openSocket();
await follow("WebSocket", asker(make({})), follower(overSocket(followed, false)));
await step("WebSocket", "end", followed.close);

await askByHash("persistedExchange", (fetch) => {
  const byHash = persistedExchange({ preferGetForPersistedQueries: true });
  return asker(make({ fetch, exchanges: [byHash, fetchExchange] }));
});
