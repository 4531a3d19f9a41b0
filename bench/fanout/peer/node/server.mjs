// graphql-ws over ws and graphql-js, as its guide sets it up; see peer/order.py for
// the orders. Subscribers who are behind are told the newest board, so nothing queues.
import { createServer } from 'node:http';
import { readFileSync, writeSync } from 'node:fs';
import { buildSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';

const { boards, quiet } = JSON.parse(readFileSync(process.argv[2], 'utf8'));

const schema = buildSchema(`
  scalar Decimal
  enum Quality { LIVE STALE UNAVAILABLE }
  input PremiumFilter { symbols: [String!] }
  type Quote { price: Decimal! }
  type Premium {
    symbol: String!
    percent: Decimal
    quality: Quality!
    seq: Int!
    domestic: Quote
    global: Quote
  }
  type PremiumsUpdate { seq: Int! premiums: [Premium!]! }
  type Query { ok: Boolean! }
  type Subscription {
    premiums(filter: PremiumFilter, throttleMs: Int = 500): PremiumsUpdate!
    premium(symbol: String!, throttleMs: Int = 100): Premium!
  }
`);

let tick = 1;
let board = made();
let wake;
let ticked = new Promise((resolve) => { wake = resolve; });

function made() {
  return boards[tick % boards.length].map((coin) => ({ ...coin, seq: tick }));
}

async function* premiums({ filter }) {
  const wanted = filter?.symbols && new Set(filter.symbols);
  for (;;) {
    const told = tick;
    const found = wanted ? board.filter((coin) => wanted.has(coin.symbol)) : board;
    yield { premiums: { seq: tick, premiums: found } };
    while (tick === told) await ticked;
  }
}

async function* premium({ symbol }) {
  if (symbol === quiet.symbol) {
    yield { premium: { ...quiet, seq: 1 } };
    await new Promise(() => {});
  }
  for (;;) {
    const told = tick;
    yield { premium: board.find((coin) => coin.symbol === symbol) };
    while (tick === told) await ticked;
  }
}

const http = createServer();
const sockets = new WebSocketServer({ server: http, path: '/graphql' });
useServer({ schema, roots: { subscription: { premiums, premium } } }, sockets);
http.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  writeSync(1, `P ${http.address().port}\n`);
});

function order() {
  const began = process.cpuUsage();
  tick += 1;
  board = made();
  const { user, system } = process.cpuUsage(began);
  writeSync(1, `T ${tick} ${process.hrtime.bigint()} ${(user + system) * 1000}\n`);
  const last = wake;
  ticked = new Promise((resolve) => { wake = resolve; });
  last();
}

process.stdin.on('data', (orders) => {
  for (const byte of orders) if (byte === 116) order();
});
process.stdin.on('end', () => process.exit(0));
