import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { CombinedGraphQLErrors, CombinedProtocolErrors } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { OperationTypeNode } from "graphql";
import { createHash } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { COIN, ask, askByHash, expect, expectCoin, follow } from "./job.mjs";
import { fetchStream, forgotten, step, url } from "./job.mjs";
import { openSocket } from "./socket.mjs";
import WebSocket from "ws";

// GraphQLWsLink looks at this global when something fails; Node has it since 22.
globalThis.WebSocket ??= WebSocket;

const CACHE_LIMIT_MS = 10_000;
const LOOK_AGAIN_MS = 20;

const make = (link) => new ApolloClient({ link, cache: new InMemoryCache() });
const told = ({ data, error }) => {
  // The multipart protocol tells a subscription that cannot begin in words of its own.
  const isTold = CombinedGraphQLErrors.is(error) || CombinedProtocolErrors.is(error);
  if (error && !isTold) throw error;
  return { data, errors: error?.errors };
};
const asker = (client) => async (document, variables) =>
  told(
    await client.query({
      query: gql(document),
      variables,
      fetchPolicy: "no-cache",
      errorPolicy: "all",
    }),
  );
const follower = (client) => (document, variables, sink) => {
  const events = client.subscribe({
    query: gql(document),
    variables,
    fetchPolicy: "no-cache",
    errorPolicy: "all",
  });
  const following = events.subscribe({
    next: (result) => {
      try {
        sink.next(told(result));
      } catch (cause) {
        sink.error(cause);
      }
    },
    error: sink.error,
    complete: sink.complete,
  });
  return () => following.unsubscribe();
};

await ask("HttpLink, POST", asker(make(new HttpLink({ uri: url }))));
const getting = new HttpLink({ uri: url, useGETForQueries: true });
await ask("HttpLink, GET", asker(make(getting)));

const parts = new HttpLink({ uri: url, fetch: fetchStream("multipart/mixed") });
const streaming = make(parts);
await follow("HttpLink, multipart", asker(streaming), follower(streaming));
await step("HttpLink, multipart", "end", forgotten);

const socket = openSocket();
const wsLink = new GraphQLWsLink(socket.client);
const overSocket = make(wsLink);
await ask("GraphQLWsLink", asker(overSocket));
await follow("GraphQLWsLink", asker(overSocket), follower(overSocket));

const CHANGES = gql`
  subscription Changes {
    premium(symbol: "BTC") {
      id
      seq
      percent
    }
  }
`;
await step("GraphQLWsLink", "cache", async () => {
  const split = ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    wsLink,
    new HttpLink({ uri: url }),
  );
  const client = make(split);
  const watched = client.watchQuery({ query: gql(COIN), variables: { symbol: "BTC" } });
  const seen = [];
  const done = AbortSignal.timeout(CACHE_LIMIT_MS);
  const watching = watched.subscribe(({ data, dataState }) => {
    if (dataState === "complete") seen.push(data.premium);
  });
  const count = async (least) => {
    while (seen.length < least && !done.aborted) await wait(LOOK_AGAIN_MS);
    expect(seen.length >= least, `${seen.length} versions`);
  };
  await count(1);
  const changes = client.subscribe({ query: CHANGES }).subscribe({});
  await count(3);
  changes.unsubscribe();
  watching.unsubscribe();
  seen.forEach(expectCoin);
  const seqs = seen.map((coin) => coin.seq);
  expect(seqs.at(-1) > seqs[0], `versions ${seqs}`);
});
await step("GraphQLWsLink", "end", socket.close);

const sha256 = (text) => createHash("sha256").update(text).digest("hex");
await askByHash("PersistedQueryLink", (fetch) => {
  const byHash = new PersistedQueryLink({ sha256, useGETForHashedQueries: true });
  return asker(make(ApolloLink.from([byHash, new HttpLink({ uri: url, fetch })])));
});
