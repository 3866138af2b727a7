// A matrix over every route that names a thing of a case, those of tus among them: for the wrong
// case, for the wrong contact, and without the scope. (For the wrong organisation:
// strangers.test.ts.) A new route is in it by itself.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import {
  beginUpload,
  call,
  everythingOf,
  isForClients,
  isForStaff,
  named,
  routes,
  type Ids,
  type Route,
} from "./everything.ts";
import { Browser, Office, newId, ok, url } from "./harness.ts";

let ours: Office;
let caseId: string;
let ids: Ids;
let browser: Browser;
let asItWas: string;

/** Routes that name one of these things. */
const about = (things: Ids, which: (route: Route) => boolean) =>
  routes.filter(
    (route) =>
      which(route) &&
      named(route.path).some((name) => name !== "caseId" && things[name] !== undefined),
  );
const title = (route: Route) => `${route.verb} ${route.path}`;

/** Each is answered as what is not there; HEAD has no text. */
async function none(which: Route[], asked: Ids, headers: Record<string, string>) {
  const wrong: string[] = [];
  for (const route of which) {
    const response = await call(route, asked, headers);
    const text = await response.text();
    const absent = response.status === 404 && (route.verb === "HEAD" || /NOT_FOUND/.test(text));
    if (!absent) wrong.push(`${title(route)}: ${response.status} ${text.slice(0, 300)}`);
  }
  assert.deepEqual(wrong, []);
}

/** All that there is of the case, as staff and its client see it. */
async function all() {
  const lists = ["documents", "documentRequests", "offers", "visits", "factFinds", "incidents"];
  const seen = ["signatureRequests", "contactChanges"].concat(lists);
  const texts = [];
  for (const list of seen) {
    const path = `/v1/cases/${caseId}/${list}`;
    const text = await (await fetch(`${url}${path}`, { headers: ours.bearer() })).text();
    texts.push(text.replaceAll(/"preview":"\w+"/g, "")); // A job makes it meanwhile.
  }
  const place = `${url}/v1/portal/cases/${caseId}/uploads/${ids.uploadId}`;
  const head = await fetch(place, { method: "HEAD", headers: browser.headers() });
  return JSON.stringify([texts, head.status, head.headers.get("Upload-Offset")], null, 1);
}

before(async () => {
  ours = await Office.ready();
  ({ ids, browser } = await everythingOf(ours));
  caseId = ours.caseId;
});

test("the matrix has every noun of a case", () => {
  const without = ["sha256", "bundleId", "account", "templateId", "relayId", "pipelineId"];
  const others = ["flowId", "webhookEndpointId", "apiKeyId", "staffTokenId", "passkeyId"];
  const ofOffice = [...without, ...others, "erasureId", "exportId", "codeBreakerId"];
  const known = new Set([...Object.keys(ids), "caseId", "documentRequestTemplateId", ...ofOffice]);
  const unknown = routes.flatMap((route) => named(route.path)).filter((name) => !known.has(name));
  assert.deepEqual(
    [...new Set(unknown)],
    [],
    "add it to everything.ts, or here if it is no case's",
  );
  assert.ok(about(ids, isForStaff).length > 30 && about(ids, isForClients).length > 25);
});

test("for whom it is, each of it is there, so that its absence says something", async () => {
  const looks = (route: Route) => ["GET", "HEAD"].includes(route.verb);
  for (const [which, headers] of [
    [isForStaff, ours.bearer()],
    [isForClients, browser.headers()],
  ] as const) {
    for (const route of about(ids, (one) => which(one) && looks(one))) {
      if (isForStaff(route) && route.path.includes("/uploads/")) continue; // It is the client's.
      const response = await call(route, { ...ids, caseId }, headers);
      const text = await response.text();
      assert.ok(response.ok || !/"NOT_FOUND"/.test(text), `${title(route)}: ${text}`);
      assert.ok(route.verb !== "HEAD" || response.ok, title(route));
    }
  }
  asItWas = await all(); // The client has now seen what it is to sign.
});

test("at the address of another case of the organisation none of it is there", async () => {
  const ofCase = (route: Route) => route.path.includes("{caseId}");
  const second = newId("deal");
  ours.caseId = second;
  try {
    await ours.putCase();
    for (const label of ["Credit guide", "Privacy disclosure"]) await ours.hold(label);
    const client = (await ours.enter(3)).browser;
    const asked = { ...ids, caseId: second };
    const staff = about(ids, (route) => isForStaff(route) && ofCase(route));
    const clients = about(ids, (route) => isForClients(route) && ofCase(route));
    // A contact may be of several cases: this one is of both.
    const others = (route: Route) => !route.path.includes("{contactId}");
    await none(staff.filter(others), asked, ours.bearer());
    await none(clients.filter(others), asked, client.headers());
    // And whoever is in that case alone is not in the first.
    await none(clients, { ...ids, caseId }, client.headers());
  } finally {
    ours.caseId = caseId;
  }
});

test("who sees only its own has none of another contact's, whatever it does", async () => {
  const own = (await ours.enter(1, { visibility: "OWN" })).browser;
  const singles = about(ids, isForClients).filter((route) => !route.path.includes("{sessionId}"));
  await none(singles, { ...ids, caseId }, own.headers());
});

test("an upload is of who began it: no other client, and no staff, goes on with it", async () => {
  const { uploadId } = ids;
  const whole = (await ours.enter(2, { visibility: "ALL" })).browser;
  const clients = about({ uploadId }, isForClients);
  const staff = about({ uploadId }, isForStaff);
  assert.deepEqual(clients.map(({ verb }) => verb).sort(), ["DELETE", "GET", "HEAD", "PATCH"]);
  await none(clients, { caseId, uploadId }, whole.headers());
  await none(staff, { caseId, uploadId }, ours.bearer());
  const theirs = await beginUpload(`/v1/cases/${caseId}/uploads`, ours.bearer());
  await none(clients, { caseId, uploadId: theirs }, browser.headers());
});

test("without the scope nothing is answered, whatever is named", async () => {
  for (const route of about(ids, isForStaff)) {
    const scope = route.operation.security[0].bearer[0];
    const other = scope === "audit.read" ? "events.read" : "audit.read";
    const actor = { id: "sam", displayName: "Sam" };
    const { token } = await ok(
      ours.api.POST("/v1/staffTokens", { body: { actor, scopes: [other] } }),
    );
    const response = await call(route, { ...ids, caseId }, { Authorization: `Bearer ${token}` });
    await response.text();
    assert.equal(response.status, 403, title(route));
  }
});

test("and after all of that everything is as it was", async () => {
  assert.equal(await all(), asItWas);
});
