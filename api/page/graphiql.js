// GraphiQL as this server sets it up: same origin only, live data over WebSocket.
"use strict";

(function () {
  const place = document.getElementById("graphiql");
  const examples = JSON.parse(document.getElementById("example").textContent);
  const asked = new URLSearchParams(window.location.search);

  // The page is served at "/" and at "/graphql", also below a proxy's path prefix.
  const endpoint = new URL("graphql", document.baseURI);
  const live = new URL(endpoint);
  live.protocol = endpoint.protocol === "https:" ? "wss:" : "ws:";

  const fetcher = GraphiQL.createFetcher({
    url: endpoint.href,
    subscriptionUrl: live.href,
  });

  // ?query=…&variables=… opens that operation, so that a link can show something.
  const linked = asked.get("query")
    ? { query: asked.get("query"), variables: asked.get("variables") || undefined }
    : {};

  const guide = React.createElement(
    "a",
    { className: "guide", href: new URL("docs", document.baseURI).href },
    "설명서 · Docs",
  );
  const title = React.createElement(GraphiQL.Logo, null, document.title, guide);
  const page = React.createElement(
    GraphiQL,
    {
      fetcher: fetcher,
      defaultTabs: examples,
      defaultQuery: "",
      defaultEditorToolsVisibility: "variables",
      plugins: [GraphiQLPluginExplorer.explorerPlugin()],
      inputValueDeprecation: true,
      isHeadersEditorEnabled: true,
      shouldPersistHeaders: false,
      ...linked,
    },
    title,
  );
  ReactDOM.createRoot(place).render(page);
})();
