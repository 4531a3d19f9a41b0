// The job every client does over every transport, and how its steps are told: one line
// of JSON each, [transport, step, reason], where the reason is null for a pass.
import { setTimeout as wait } from "node:timers/promises";

export const url = process.argv[2];
export const socketUrl = url.replace("http", "ws");
const STEP_LIMIT_MS = 20_000;
const LOOK_AGAIN_MS = 50;

export const COIN = `query Coin($symbol: String!) {
  premium(symbol: $symbol) { id symbol percent quality seq coin { koreanName } }
}`;
const BOOK = `query Book($market: String!) {
  orderBook(exchange: UPBIT, market: $market) { market }
}`;
const TOTAL = "query Total { premiums(first: 1) { totalCount } }";
const REFUSED = "query Refused { premium(symbol: \"BTC\") { price } }";
const BOARD = `subscription Board {
  premiums(throttleMs: 100) { seq snapshot premiums { symbol seq percent } removed }
}`;
const FOLLOWED = `subscription Followed($symbol: String!) {
  premium(symbol: $symbol) { symbol seq percent }
}`;
const PERCENT = /^-?\d+(\.\d{1,6})?$/;

export function expect(holds, what) {
  if (!holds) throw new Error(what);
}

/** Whatever was thrown or told as an error, in one line. */
function reason(cause) {
  if (Array.isArray(cause)) return cause.map(reason).join("; ");
  const text = cause?.message ?? JSON.stringify(cause) ?? String(cause);
  return text.replaceAll(/\s+/g, " ").slice(0, 200);
}

/** Do one step within its time and tell how it went. */
export async function step(transport, name, run) {
  const timer = new AbortController();
  const late = wait(STEP_LIMIT_MS, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`not done in ${STEP_LIMIT_MS / 1000} s`);
  });
  late.catch(() => {});
  let told = null;
  try {
    await Promise.race([run(), late]);
  } catch (cause) {
    told = reason(cause);
  }
  timer.abort();
  process.stdout.write(JSON.stringify([transport, name, told]) + "\n");
}

/** Return a fetch that fails where a subscription is answered in another form. */
export const fetchStream = (type) => async (address, options) => {
  const answer = await fetch(address, options);
  const found = answer.headers.get("content-type");
  const streams = String(options.body).includes("subscription");
  expect(!streams || found.startsWith(type), `answered as ${found}`);
  return answer;
};

/** Return once the server serves no subscription and no socket. */
export async function forgotten() {
  const page = new URL("/metrics", url);
  const names = /^kimp_(subscriptions_active\{.*\}|websocket_connections) /;
  for (;;) {
    const text = await (await fetch(page)).text();
    const left = text
      .split("\n")
      .filter((line) => names.test(line))
      .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
    if (left === 0) return;
    await wait(LOOK_AGAIN_MS);
  }
}

export function expectCoin(coin) {
  expect(coin?.symbol === "BTC", `symbol ${coin?.symbol}`);
  expect(coin.coin.koreanName === "비트코인", `name ${coin.coin.koreanName}`);
  expect(coin.quality === "LIVE", `quality ${coin.quality}`);
  expect(PERCENT.test(coin.percent), `percent ${coin.percent}`);
  expect(Number.isInteger(coin.seq) && coin.seq > 0, `seq ${coin.seq}`);
}

function expectCode({ data, errors }, code) {
  expect(errors?.length === 1, `errors ${reason(errors ?? "none")}`);
  const [error] = errors;
  expect(error.extensions?.code === code, `code ${error.extensions?.code}`);
  expect(data == null, `data ${JSON.stringify(data)}`);
}

/** Every kind of question; `query(document, variables)` gives {data, errors}. */
export async function ask(transport, query) {
  await step(transport, "query", async () => {
    const { data, errors } = await query(COIN, { symbol: "btc" });
    expect(!errors, reason(errors));
    expectCoin(data.premium);
  });
  await step(transport, "error", async () => {
    const answer = await query(BOOK, { market: "KRW-NOBODY" });
    expectCode(answer, "NOT_FOUND");
    expect(String(answer.errors[0].path) === "orderBook", "no path");
  });
  await step(transport, "refusal", async () => {
    expectCode(await query(REFUSED, {}), "BAD_USER_INPUT");
  });
}

/** Every kind of stream; `subscribe(document, variables, sink)` gives its end. */
export async function follow(transport, query, subscribe) {
  await step(transport, "board", async () => {
    const { data } = await query(TOTAL, {});
    const [first, second] = await events(subscribe, BOARD, {}, 2, "premiums");
    expect(first.snapshot && !second.snapshot, "no snapshot first");
    const seen = new Map(first.premiums.map((coin) => [coin.symbol, coin.seq]));
    expect(seen.size === data.premiums.totalCount, `${seen.size} coins at first`);
    expect(second.seq > first.seq, `tick ${second.seq} after ${first.seq}`);
    const news = second.premiums.filter((coin) => coin.seq > seen.get(coin.symbol));
    expect(news.length > 0, "nothing new in the change");
    expect(news.length === second.premiums.length, "something old in the change");
  });
  await step(transport, "stream error", async () => {
    expectCode(await only(subscribe, FOLLOWED, { symbol: "NOBODY" }), "NOT_FOUND");
  });
  await step(transport, "others", async () => {
    const [told] = await Promise.all([
      events(subscribe, FOLLOWED, { symbol: "BTC" }, 3, "premium"),
      only(subscribe, FOLLOWED, { symbol: "NOBODY" }),
    ]);
    const seqs = told.map((coin) => coin.seq);
    expect(seqs[0] < seqs[1] && seqs[1] < seqs[2], `versions ${seqs}`);
  });
}

/** Ask by hash: `make(fetch)` gives a query function over this fetch. The document is
 * sent once, after its hash was not known. */
export async function askByHash(transport, make) {
  let sent = [];
  const query = make((address, options) => {
    const { search } = new URL(address);
    const told = options.body ?? decodeURIComponent(search);
    sent.push(told.includes("koreanName") ? "document" : "hash");
    return fetch(address, options);
  });
  for (const [name, wanted] of [
    ["first", "hash,document"],
    ["again", "hash"],
  ]) {
    await step(transport, name, async () => {
      sent = [];
      const { data, errors } = await query(COIN, { symbol: "BTC" });
      expect(!errors?.length, reason(errors));
      expectCoin(data.premium);
      expect(String(sent) === wanted, `sent ${sent}`);
    });
  }
}

/** Return the first events of a subscription, which is then ended. */
function events(subscribe, document, variables, count, field) {
  const told = [];
  return settled(subscribe, document, variables, (resolve, reject) => ({
    next: ({ data, errors }) => {
      if (errors?.length) return reject(new Error(reason(errors)));
      if (told.push(data[field]) === count) resolve(told);
    },
    error: (cause) => reject(new Error(reason(cause))),
    complete: () => reject(new Error("ended by the server")),
  }));
}

/** Return the one result of a stream that fails, however its client tells that. */
function only(subscribe, document, variables) {
  let last;
  return settled(subscribe, document, variables, (resolve, reject) => ({
    next: (result) => (last = result),
    error: (cause) =>
      Array.isArray(cause) ? resolve({ errors: cause }) : reject(cause),
    complete: () => (last ? resolve(last) : reject(new Error("ended without a word"))),
  }));
}

/** Subscribe until the sink settles; the end is told when its call is over, because
 * urql does not bear it from within (an abort that nobody catches). */
async function settled(subscribe, document, variables, makeSink) {
  let end;
  try {
    return await new Promise((resolve, reject) => {
      end = subscribe(document, variables, makeSink(resolve, reject));
    });
  } finally {
    await new Promise(setImmediate);
    end();
  }
}
