#!/bin/sh
# curl alone: a question by POST, one by GET, and a live stream. sh curl.sh
set -eu
url=${KIMP_URL:-http://127.0.0.1:8000/graphql}

echo "# One coin, with a variable"
curl -sS --fail-with-body "$url" -H 'content-type: application/json' -d '{
  "query": "query Coin($symbol: String!) { premium(symbol: $symbol) { symbol percent absoluteKrw quality reason } }",
  "variables": { "symbol": "BTC" }
}'
echo

echo "# The three largest premiums, by GET"
curl -sS --fail-with-body --get "$url" -H 'accept: application/json' --data-urlencode \
  'query={ premiums(first: 3, orderBy: { field: PERCENT }) { edges { node { symbol percent quality reason } } } }'
echo

echo "# Every change of one coin, as server-sent events; Ctrl+C ends it"
curl -sS --fail-with-body --no-buffer "$url" \
  -H 'content-type: application/json' -H 'accept: text/event-stream' \
  -d '{ "query": "subscription { premium(symbol: \"BTC\", throttleMs: 1000) { symbol percent quality reason } }" }'
