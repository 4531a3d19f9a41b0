// Runs what relay-compiler made of relay/board.js, without React.
import { createRequire } from "node:module";
import { expect, step, url } from "./job.mjs";
import { openSocket } from "./socket.mjs";

const require = createRequire(import.meta.url);
const relay = require("relay-runtime");
const made = (name) => require(`./relay/__generated__/${name}.graphql.js`);

const PAGE = 10;
const socket = openSocket();

async function send({ text: query, name: operationName }, variables) {
  const answer = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/graphql-response+json",
    },
    body: JSON.stringify({ query, operationName, variables }),
  });
  return answer.json();
}

const listen = ({ text: query, name: operationName }, variables) =>
  relay.Observable.create((sink) =>
    socket.client.subscribe({ query, operationName, variables }, sink),
  );

const environment = new relay.Environment({
  network: relay.Network.create(send, listen),
  store: new relay.Store(new relay.RecordSource()),
});
const load = (query, variables) =>
  relay.fetchQuery(environment, query, variables).toPromise();

/** Return what a component with this fragment would be given. */
function read(fragment, holder) {
  const selector = relay.getSingularSelector(fragment, holder);
  const { data, isMissingData } = environment.lookup(selector);
  expect(!isMissingData, "the store misses data");
  return data;
}

const operation = relay.createOperationDescriptor(made("boardQuery"), { count: PAGE });
environment.retain(operation);
const list = () =>
  read(made("boardList_query"), environment.lookup(operation.fragment).data).premiums;
const rows = () =>
  list().edges.map(({ node }) => read(made("boardRow_premium"), node));

await step("relay-runtime, HTTP", "connection", async () => {
  await load(made("boardQuery"), { count: PAGE });
  expect(rows().length === PAGE, `${rows().length} rows`);
  const { endCursor, hasNextPage } = list().pageInfo;
  expect(hasNextPage, "no page follows");
  await load(made("boardPageQuery"), { count: PAGE, cursor: endCursor });
  const symbols = rows().map((row) => row.symbol);
  expect(symbols.length === 2 * PAGE, `${symbols.length} rows on two pages`);
  expect(String(symbols) === String([...symbols].sort()), `order ${symbols}`);
  expect(rows().every((row) => row.coin.koreanName), "no name");
});
await step("relay-runtime, HTTP", "node", async () => {
  const [{ node }] = list().edges;
  const { symbol } = read(made("boardRow_premium"), node);
  const { node: again } = await load(made("boardRowQuery"), { id: node.__id });
  const row = read(made("boardRow_premium"), again);
  expect(row.symbol === symbol, `${row.symbol} for ${symbol}`);
});
await step("relay-runtime, WebSocket", "store", async () => {
  const [before] = rows();
  await new Promise((resolve, reject) => {
    const watching = relay.requestSubscription(environment, {
      subscription: made("boardChangeSubscription"),
      variables: { symbol: before.symbol },
      onNext: () => {
        if (rows()[0].seq === before.seq) return;
        setImmediate(() => watching.dispose());
        resolve();
      },
      onError: reject,
    });
  });
  expect(rows()[0].seq > before.seq, "an older version");
});
await step("relay-runtime, WebSocket", "end", socket.close);
