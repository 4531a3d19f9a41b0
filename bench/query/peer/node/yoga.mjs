// graphql-yoga over node:http, as its guide sets it up; it caches documents by itself.
import { createServer } from 'node:http';
import { createSchema, createYoga } from 'graphql-yoga';
import { listening, resolvers, typeDefs } from './market.mjs';

const yoga = createYoga({
  schema: createSchema({ typeDefs, resolvers }),
  graphiql: false,
  landingPage: false,
  logging: 'error',
});
const http = createServer(yoga);
http.listen(0, '127.0.0.1', () => listening(http.address().port));
