// Apollo Client 4: queries over HTTP, subscriptions over WebSocket, one cache for both.
// npm install && node apollo.mjs
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { OperationTypeNode } from "graphql";
import { createClient } from "graphql-ws";
import WebSocket from "ws"; // browsers and Node.js 22 have one: then leave this out

const url = new URL(process.env.KIMP_URL ?? "http://127.0.0.1:8000/graphql");
const live = new URL(url);
live.protocol = url.protocol.replace("http", "ws");

const client = new ApolloClient({
  // Premiums and coins have an `id`: whoever brings a newer one updates all that show it.
  cache: new InMemoryCache(),
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(createClient({ url: live.href, webSocketImpl: WebSocket })),
    new HttpLink({ uri: url.href }),
  ),
});

const show = ({ symbol, coin, percent, quality, reason }) =>
  console.log(symbol, coin.koreanName, percent ? `${percent} %` : "unknown", quality, reason ?? "");

const board = gql`
  query Board {
    premiums(first: 5, orderBy: { field: PERCENT }) {
      edges { node { id symbol coin { id koreanName } percent quality reason } }
    }
  }
`;
const { data } = await client.query({ query: board });
data.premiums.edges.forEach(({ node }) => show(node));

const coin = gql`
  subscription Coin($symbol: String!) {
    premium(symbol: $symbol, throttleMs: 1000) {
      id symbol coin { id koreanName } percent quality reason
    }
  }
`;
client.subscribe({ query: coin, variables: { symbol: "BTC" } }).subscribe({
  next: ({ data, error }) => (error ? console.error(error) : show(data.premium)),
  error: console.error,
});
