// What the three Node servers have in common: our schema as far as it is asked, and
// plain objects whose prices change ten times a second, told by default resolvers.
import { readFileSync, writeSync } from 'node:fs';

const BOARD_MS = 100;
const { boards, coins } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const found = boards.map((board) => new Map(board.map((told) => [told.symbol, told])));
let turn = 0;
setInterval(() => { turn = (turn + 1) % boards.length; }, BOARD_MS).unref();

const edges = (nodes) => nodes.map((node) => ({ node }));

export const typeDefs = readFileSync(new URL('schema.graphql', import.meta.url), 'utf8');

export const resolvers = {
  Query: {
    premium: (_, { symbol }) => found[turn].get(symbol),
    premiums: (_, { first }) => ({ edges: edges(boards[turn].slice(0, first)) }),
    coins: (_, { first }) => {
      const page = coins.slice(0, first);
      return {
        edges: edges(page),
        pageInfo: {
          hasNextPage: coins.length > first,
          endCursor: btoa(page.at(-1).symbol),
        },
      };
    },
  },
};

export function listening(port) {
  writeSync(1, `P ${port}\n`);
  process.stdin.resume();
  process.stdin.on('end', () => process.exit(0));
}
