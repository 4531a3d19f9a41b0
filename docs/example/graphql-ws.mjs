// The whole board, kept up to date: the first event is everything, each later one what
// changed. npm install && node graphql-ws.mjs
import { createClient } from "graphql-ws";
import WebSocket from "ws"; // browsers and Node.js 22 have one: then leave this out

const url = new URL(process.env.KIMP_URL ?? "http://127.0.0.1:8000/graphql");
url.protocol = url.protocol.replace("http", "ws");

const client = createClient({
  url: url.href,
  webSocketImpl: WebSocket,
  retryAttempts: Infinity, // a snapshot follows each new connection: nothing is missed
});

const query = /* GraphQL */ `
  subscription Board {
    premiums(throttleMs: 1000) {
      snapshot
      removed
      premiums { symbol coin { koreanName } percent quality reason }
    }
  }
`;

const board = new Map();
for await (const { data, errors } of client.iterate({ query })) {
  if (errors) throw new Error(errors[0].message);
  const { snapshot, premiums, removed } = data.premiums;
  if (snapshot) board.clear();
  for (const premium of premiums) board.set(premium.symbol, premium);
  for (const symbol of removed) board.delete(symbol);

  // Decimals are strings, so that nothing is lost; null is unknown, never 0.
  const [top] = [...board.values()]
    .filter((premium) => premium.percent !== null && premium.quality === "LIVE")
    .sort((a, b) => Number(b.percent) - Number(a.percent));
  console.log(
    `${board.size} coins, ${premiums.length} changed, highest:`,
    top ? `${top.symbol} ${top.coin.koreanName} ${top.percent} %` : "none",
  );
}
