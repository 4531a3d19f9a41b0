// The documents of a small app, for relay-compiler; what it makes of them is run by
// ../relay.mjs.
const { graphql } = require("relay-runtime");

module.exports = [
  graphql`
    query boardQuery($count: Int!) {
      ...boardList_query @arguments(count: $count)
    }
  `,
  graphql`
    fragment boardList_query on Query
    @argumentDefinitions(
      count: { type: "Int", defaultValue: 10 }
      cursor: { type: "String" }
    )
    @refetchable(queryName: "boardPageQuery") {
      premiums(first: $count, after: $cursor) @connection(key: "boardList_premiums") {
        edges {
          node {
            ...boardRow_premium
          }
        }
      }
    }
  `,
  graphql`
    fragment boardRow_premium on Premium @refetchable(queryName: "boardRowQuery") {
      symbol
      seq
      percent(basis: KRW_USDT)
      quality
      coin {
        koreanName
      }
    }
  `,
  graphql`
    subscription boardChangeSubscription($symbol: String!) {
      premium(symbol: $symbol) {
        ...boardRow_premium
      }
    }
  `,
];
