// What is named by an id is not there for a stranger who knows the id, whatever the rest of the
// request says: each route that has such an id in its path is called with a sound body, its example
// in the OpenAPI document. A new route is in it by itself.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Office, client, ok, pdf, upload, url, type Schemas } from "./harness.ts";

type Body = { content: Record<string, { example?: unknown }> };
type Operation = { security: Record<string, string[]>[]; requestBody?: Body };
type Document = { paths: Record<string, Record<string, Operation>> };

const openapi = (await (await fetch(`${url}/openapi.json`)).json()) as Document;
const operations = Object.entries(openapi.paths).flatMap(([path, verbs]) =>
  Object.entries(verbs).map(([verb, operation]) => ({ path, verb: verb.toUpperCase(), operation })),
);
type Route = (typeof operations)[number];

/** What there is of an office and of its first client, by the names that paths have for it. */
async function idsOf(office: Office) {
  const about = office.aboutCase();
  const { invitation, session, browser } = await office.enter(0);
  const { contactId } = office.contacts[0];
  const { documentRequestId } = await office.request("Payslip", contactId);
  const address = `/v1/portal/cases/${office.caseId}/documents`;
  const query = new URLSearchParams({ filename: "payslip.pdf", documentRequestId });
  const { body: document } = await upload(`${address}?${query}`, pdf(), browser.headers());
  const content = { title: "Panels", currency: "AUD", total: "1" };
  const lines = [{ description: "Panels", amount: "1" }];
  const offer = await ok(
    office.api.POST("/v1/cases/{caseId}/offers", {
      ...about,
      body: { contactId, content: { ...content, lines } } as never,
    }),
  );
  const day = new Date(Date.now() + 172_800_000).toISOString().slice(0, 10);
  const times = [
    { localTime: `${day}T09:00`, timeZone: "Australia/Sydney", durationMinutes: 60 },
    { localTime: `${day}T10:00`, timeZone: "Australia/Sydney", durationMinutes: 60 },
  ];
  const visit = await ok(
    office.api.POST("/v1/cases/{caseId}/visits", {
      ...about,
      body: { contactId, plan: { title: "Visit", times } } as never,
    }),
  );
  const scopes: Schemas["Scope"][] = ["cases.read"];
  const key = await ok(office.api.POST("/v1/apiKeys", { body: { displayName: "CRM", scopes } }));
  const actor = { id: "sam", displayName: "Sam" };
  const token = await ok(office.api.POST("/v1/staffTokens", { body: { actor, scopes } }));
  return {
    browser,
    credentials: [key.secret, token.token],
    ids: {
      invitationId: invitation.invitationId,
      sessionId: session.sessionId,
      documentRequestId,
      documentId: document.documentId,
      offerId: offer.offerId,
      visitId: visit.visitId,
      apiKeyId: key.apiKey.apiKeyId,
      staffTokenId: token.staffTokenId,
    } as Record<string, string>,
  };
}

const named = (path: string) => [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);

function call(route: Route, ids: Record<string, string>, headers: Record<string, string>) {
  const target = route.path.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? "unknown");
  const json = route.operation.requestBody?.content["application/json"];
  return fetch(`${url}${target}`, {
    method: route.verb,
    headers: { ...headers, ...(json ? { "Content-Type": "application/json" } : {}) },
    body: json ? JSON.stringify(json.example) : undefined,
  });
}

test("nothing of an organisation is there for another one that knows its id", async () => {
  const ours = await Office.ready();
  const { ids, browser, credentials } = await idsOf(ours);
  // A case of the same id, with contacts of the same ids: only what is theirs differs.
  const stranger = await Office.ready();
  stranger.caseId = ours.caseId;
  await stranger.putCase(stranger.contacts);
  for (const label of ["Credit guide", "Privacy disclosure"]) await stranger.hold(label);
  const client0 = (await stranger.enter(0)).browser;
  let asked = 0;
  for (const route of operations) {
    const names = named(route.path);
    if (!names.some((name) => ids[name] !== undefined) || route.path.includes("/uploads/"))
      continue;
    const { bearer, session } = route.operation.security[0] ?? {};
    const headers = bearer ? stranger.bearer() : session ? client0.headers() : undefined;
    assert.ok(headers, `${route.verb} ${route.path} asks for no credential`);
    const response = await call(route, { caseId: ours.caseId, ...ids }, headers);
    const text = await response.text();
    // Ending what is not there is done already; of whom it ends nothing, is asked below.
    const ended = route.verb === "DELETE" && route.path === "/v1/staffTokens/{staffTokenId}";
    assert.equal(response.status, ended ? 200 : 404, `${route.verb} ${route.path}: ${text}`);
    ++asked;
  }
  assert.ok(asked > 30, String(asked));
  await ok(browser.session());
  for (const credential of credentials) await ok(client(credential).GET("/v1/cases"));
  const of = { params: { path: { caseId: ours.caseId, offerId: ids.offerId } } };
  const offer = await ok(ours.api.GET("/v1/cases/{caseId}/offers/{offerId}", of));
  assert.equal(offer.state, "OPEN" satisfies Schemas["Offer"]["state"]);
});
