// The audits of graphql-http, each told as [ID, its words, reason].
import { auditServer } from "graphql-http";
import { url } from "./job.mjs";

for (const result of await auditServer({ url })) {
  const told = result.status === "ok" ? null : `${result.status}: ${result.reason}`;
  process.stdout.write(JSON.stringify([result.id, result.name, told]) + "\n");
}
