// What is named by an id is not there for a stranger who knows the id, whatever the rest of the
// request says: each route that has such an id in its path is called with a sound body, its example
// in the OpenAPI document. A new route is in it by itself.
import assert from "node:assert/strict";
import { test } from "node:test";
import { call, everythingOf, isForClients, isForStaff, named, routes } from "./everything.ts";
import { Office, client, ok, type Schemas } from "./harness.ts";

/** Beside the things of a case: what an organisation has by ids that we make. */
async function keysOf(office: Office) {
  const scopes: Schemas["Scope"][] = ["cases.read"];
  const key = await ok(office.api.POST("/v1/apiKeys", { body: { displayName: "CRM", scopes } }));
  const actor = { id: "sam", displayName: "Sam" };
  const token = await ok(office.api.POST("/v1/staffTokens", { body: { actor, scopes } }));
  return {
    credentials: [key.secret, token.token],
    ids: { apiKeyId: key.apiKey.apiKeyId, staffTokenId: token.staffTokenId },
  };
}

/** Paths that name by names which each organisation gives, of whatever is there or is to be. */
const byOwnNames = /^\/v1\/(factFindSections|flows|contacts)\//;

test("nothing of an organisation is there for another one that knows its id", async () => {
  const ours = await Office.ready();
  const { ids, browser } = await everythingOf(ours);
  const keys = await keysOf(ours);
  const known: Record<string, string> = { ...ids, ...keys.ids };
  // A case of the same id, with contacts of the same ids: only what is theirs differs.
  const stranger = await Office.ready();
  stranger.caseId = ours.caseId;
  await stranger.putCase(stranger.contacts);
  for (const label of ["Credit guide", "Privacy disclosure"]) await stranger.hold(label);
  const client0 = (await stranger.enter(0)).browser;
  let asked = 0;
  for (const route of routes) {
    const names = named(route.path);
    if (!names.some((name) => known[name] !== undefined) || byOwnNames.test(route.path)) continue;
    const headers = isForStaff(route)
      ? stranger.bearer()
      : isForClients(route)
        ? client0.headers()
        : undefined;
    assert.ok(headers, `${route.verb} ${route.path} asks for no credential`);
    const response = await call(route, { caseId: ours.caseId, ...known }, headers);
    const text = await response.text();
    // Ending what is not there is done already; of whom it ends nothing, is asked below.
    const ended = route.verb === "DELETE" && route.path === "/v1/staffTokens/{staffTokenId}";
    assert.equal(response.status, ended ? 200 : 404, `${route.verb} ${route.path}: ${text}`);
    ++asked;
  }
  assert.ok(asked > 55, String(asked));
  await ok(browser.session());
  for (const credential of keys.credentials) await ok(client(credential).GET("/v1/cases"));
  const of = { params: { path: { caseId: ours.caseId, offerId: ids.offerId } } };
  const offer = await ok(ours.api.GET("/v1/cases/{caseId}/offers/{offerId}", of));
  assert.equal(offer.state, "OPEN" satisfies Schemas["Offer"]["state"]);
});
