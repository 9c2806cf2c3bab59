// Ten calls by openapi-fetch with the types that openapi-typescript made: `node ten_calls.js ADDRESS KEY`.
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

declare const process: { argv: string[] };

const [address, key] = process.argv.slice(2);
const client = createClient<paths>({
  baseUrl: address,
  headers: { Authorization: `Bearer ${key}` },
});

function had<T>(answer: { data?: T; error?: { type: string; detail: string } }): T {
  if (answer.data === undefined) {
    throw new Error(`${answer.error?.type}: ${answer.error?.detail}`);
  }
  return answer.data;
}

const made = had(
  await client.POST("/customers", {
    body: { name: "广州启明银行", unit: "group" },
    params: { header: { "Idempotency-Key": "first" } },
  }),
);
console.log("registered", made.version);

const results = had(
  await client.POST("/commands", {
    body: [1, 2, 3].map((n) => ({
      command: "customer.register",
      body: { name: `Branch ${n}`, unit: "group" },
    })),
  }),
);
console.log("batch", results.map((each) => each.status));

const asked = { unit: "group", sort: "name", limit: 2 };
const first = had(
  await client.GET("/customers", {
    params: { query: { ...asked, min_position: results[2].position } },
  }),
);
const rest = had(
  await client.GET("/customers", { params: { query: { ...asked, cursor: first.next } } }),
);
console.log("list", [...first.items, ...rest.items].map((each) => each.name));

const path = { id: made.id };
const read = await client.GET("/customers/{id}", { params: { path } });
const customer = had(read);
const etag = read.response.headers.get("ETag")!;
console.log("record", customer.name, customer.grade, etag[0] === '"' ? "ETag" : "");

const regrade = {
  params: { path, header: { "If-Match": etag } },
  body: { grade: "A" as const, reason: "It grew" },
};
const regraded = had(await client.POST("/customers/{id}/regrade", regrade));
console.log("command", regraded.version);

const { error } = await client.POST("/customers/{id}/regrade", regrade);
console.log("problem", error?.type, error?.status);

const figures = had(
  await client.GET("/reports/customers", {
    params: { query: { by: "unit", measures: "customers", min_position: regraded.position } },
  }),
);
console.log("report", figures.rows.map((each) => each.customers));

const history = had(
  await client.GET("/customers/{id}/history", { params: { path, query: { field: "grade" } } }),
);
console.log("history", history.items[0].sentence);

const events = had(await client.GET("/events/page", { params: { query: { stream: made.id } } }));
console.log("events", events.items.map((each) => each.type));

const file = had(
  await client.GET("/customers/export", {
    params: { query: { format: "csv", fields: "name,grade", sort: "name" } },
    parseAs: "text",
  }),
);
console.log("export", file.split(/\s/)[0]);
