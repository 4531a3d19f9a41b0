// urql: queries over HTTP, subscriptions over WebSocket. npm install && node urql.mjs
import { Client, cacheExchange, fetchExchange, gql, subscriptionExchange } from "@urql/core";
import { createClient } from "graphql-ws";
import WebSocket from "ws"; // browsers and Node.js 22 have one: then leave this out

const url = new URL(process.env.KIMP_URL ?? "http://127.0.0.1:8000/graphql");
const live = new URL(url);
live.protocol = url.protocol.replace("http", "ws");
const socket = createClient({ url: live.href, webSocketImpl: WebSocket });

const client = new Client({
  url: url.href,
  preferGetMethod: false,
  exchanges: [
    cacheExchange,
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: ({ query = "", variables }) => ({
        subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink) }),
      }),
    }),
  ],
});

const show = ({ symbol, coin, percent, quality, reason }) =>
  console.log(symbol, coin.koreanName, percent ? `${percent} %` : "unknown", quality, reason ?? "");

// A coin by its Korean name; initial consonants do as well.
const search = gql`
  query Search($text: String!) {
    coins(filter: { search: $text }, first: 5) {
      edges { node { id premium { id symbol coin { id koreanName } percent quality reason } } }
    }
  }
`;
const found = await client.query(search, { text: "ㅂㅌㅋㅇ" });
if (found.error) throw found.error;
found.data.coins.edges.forEach(({ node }) => node.premium && show(node.premium));

// Without a socket it works as well: leave subscriptionExchange out, set
// fetchSubscriptions: true, and urql asks for an event stream.
const coin = gql`
  subscription Coin($symbol: String!) {
    premium(symbol: $symbol, throttleMs: 1000) {
      id symbol coin { id koreanName } percent quality reason
    }
  }
`;
client.subscription(coin, { symbol: "BTC" }).subscribe(({ data, error }) => {
  if (error) console.error(error);
  else show(data.premium);
});
