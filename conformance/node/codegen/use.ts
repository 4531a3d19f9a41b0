// What an app does with the generated types: tsc is to accept the right uses, and to
// refuse the wrong ones.
import type {
  BoardChangeSubscription,
  BoardQuery,
  BoardQueryVariables,
} from "./generated/operation";
import type { Premium } from "./generated/schema";

export const variables: BoardQueryVariables = {
  filter: { symbols: ["BTC"], minPercent: "1.5" },
};

export function percents(board: BoardQuery): Map<string, string | null> {
  return new Map(
    board.premiums.edges.map(({ node }) => [node.symbol, node.percent ?? null]),
  );
}

export function isLive(change: BoardChangeSubscription): boolean {
  return change.premiums.premiums.every((row) => row.quality === "LIVE");
}

export function serverTime(premium: Premium): string {
  return premium.at;
}

export function wrong(board: BoardQuery): void {
  for (const { node } of board.premiums.edges) {
    // @ts-expect-error unknown is null
    node.percent.length;
    // @ts-expect-error a decimal is a string, not a number
    node.domestic?.price.toFixed(2);
    // @ts-expect-error not asked for
    node.absoluteKrw;
  }
}
