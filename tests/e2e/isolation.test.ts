// A matrix over every route of the OpenAPI document: a new one is in it by itself.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser, Office, client, newId, ok, pdf, upload, url } from "./harness.ts";

type Operation = {
  operationId: string;
  security: Record<string, string[]>[];
  requestBody?: { content: Record<string, unknown> };
};
type Document = { paths: Record<string, Record<string, Operation>> };

const openapi = (await (await fetch(`${url}/openapi.json`)).json()) as Document;
const operations = Object.entries(openapi.paths).flatMap(([path, verbs]) =>
  Object.entries(verbs).map(([verb, operation]) => ({ path, verb: verb.toUpperCase(), operation })),
);

/** Calls a route about ids that exist somewhere else, with a body that says the least. */
async function call(
  path: string,
  verb: string,
  operation: Operation,
  ids: Record<string, string>,
  headers: Record<string, string>,
) {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? "unknown");
  const json = operation.requestBody?.content["application/json"] !== undefined;
  const type = json ? "application/json" : "application/pdf";
  const response = await fetch(
    `${url}${filled}${json || verb !== "POST" ? "" : "?filename=a.pdf"}`,
    {
      method: verb,
      headers: { ...headers, ...(operation.requestBody ? { "Content-Type": type } : {}) },
      body: operation.requestBody ? (json ? "{}" : "%PDF-1.4 x") : undefined,
    },
  );
  return { status: response.status, text: await textOf(response) };
}

/** A stream of events has no end: what it begins with. */
async function textOf(response: Response) {
  if (response.headers.get("content-type") !== "text/event-stream") return response.text();
  const reader = response.body!.getReader();
  let text = "";
  while (!text.includes("\n\n:")) text += Buffer.from((await reader.read()).value!).toString();
  await reader.cancel();
  return text;
}

const staffRoutes = operations.filter(({ operation }) => operation.security[0]?.bearer);
const portalRoutes = operations.filter(({ operation }) => operation.security[0]?.session);

test("without a credential every protected route is closed", async () => {
  assert.ok(staffRoutes.length > 25 && portalRoutes.length > 8);
  for (const { path, verb, operation } of [...staffRoutes, ...portalRoutes]) {
    const { status } = await call(path, verb, operation, {}, {});
    assert.equal(status, 401, `${verb} ${path}`);
  }
});

test("a staff token without the scope is refused on every staff route", async () => {
  const office = await Office.open();
  for (const { path, verb, operation } of staffRoutes) {
    const scope = operation.security[0].bearer[0];
    if (!scope) continue; // For the operator.
    const other = scope === "audit.read" ? "events.read" : "audit.read";
    const { token } = await ok(
      office.api.POST("/v1/staffTokens", {
        body: { actor: { id: "sam", displayName: "Sam" }, scopes: [other] },
      }),
    );
    const { status, text } = await call(
      path,
      verb,
      operation,
      {},
      { Authorization: `Bearer ${token}` },
    );
    assert.equal(status, 403, `${verb} ${path}`);
    assert.match(text, /SCOPE_MISSING/);
  }
});

test("neither another organisation nor its client finds anything of ours", async () => {
  const ours = await Office.ready();
  const { invitation, session } = await ours.enter(0);
  const documents = await ok(
    ours.api.GET("/v1/cases/{caseId}/documents", {
      params: { path: { caseId: ours.caseId } },
    }),
  );
  const ids: Record<string, string> = {
    caseId: ours.caseId,
    invitationId: invitation.invitationId,
    documentId: documents.documents[0].documentId,
    sessionId: session.sessionId,
  };
  const theirs = await Office.ready();
  const stranger = await theirs.enter(0);
  const secrets = [
    ours.caseId,
    ours.id,
    invitation.invitationId,
    ...ours.contacts.map((c) => c.email),
  ];
  for (const { path, verb, operation } of [...staffRoutes, ...portalRoutes]) {
    // These are about the caller's own whole organisation, or end the caller's own session.
    if (verb === "DELETE" && path === "/v1/portal/session") continue;
    const headers: Record<string, string> = operation.security[0].bearer
      ? theirs.bearer()
      : { Cookie: stranger.browser.cookie };
    const { status, text } = await call(path, verb, operation, ids, headers);
    const shown = text.replaceAll(
      `"instance":"${path.replace(/\{(\w+)\}/g, (_, n: string) => ids[n] ?? "unknown")}"`,
      "",
    );
    for (const secret of secrets)
      assert.ok(!shown.includes(secret), `${verb} ${path} shows ${secret}`);
    if (/\{(caseId|invitationId|documentId|sessionId)\}/.test(path) && verb !== "PUT") {
      // A list of what is not there may be empty; nothing else may succeed.
      const empty =
        status === 200 && /^\{"\w+":\[\],"nextPageToken":""\}$|^\{"\w+":\[\]\}$/.test(text);
      assert.ok(status === 404 || status === 400 || empty, `${verb} ${path}: ${status} ${text}`);
    }
  }
  assert.equal((await ours.case()).caseId, ours.caseId);
  assert.equal((await ours.invitation(invitation.invitationId)).state, "ACCEPTED");
});

/** What another client of the case is asked, and has answered. */
async function answeredBy(office: Office, contactId: string, answer: string) {
  const field = { fieldId: "remarks", displayName: "Remarks", type: "TEXT" as const };
  await ok(
    office.api.PUT("/v1/factFindSections/{sectionId}", {
      params: { path: { sectionId: "work" } },
      body: {
        displayName: "Work",
        subsections: [{ subsectionId: "all", displayName: "All", fields: [field] }],
      },
    }),
  );
  await ok(
    office.api.PUT("/v1/flows/{flowId}", {
      params: { path: { flowId: "loan" } },
      body: { type: "loan", displayName: "Loan", sections: [{ sectionId: "work" }] },
    }),
  );
  const about = office.aboutCase();
  const { factFindId } = await ok(
    office.api.POST("/v1/cases/{caseId}/factFinds", {
      ...about,
      body: { contactId, flowId: "loan" },
    }),
  );
  const path = { caseId: office.caseId, factFindId, sectionId: "work", fieldId: "remarks" };
  await ok(
    office.api.PUT("/v1/cases/{caseId}/factFinds/{factFindId}/answers/{sectionId}/{fieldId}", {
      params: { path },
      body: { value: { text: answer } },
    }),
  );
  return factFindId;
}

/** What is offered to another client of the case, and when somebody comes to it. */
async function arrangedWith(office: Office, contactId: string, title: string) {
  const about = office.aboutCase();
  const lines = [{ description: "Panels", amount: "100" }];
  const content = { title: `Offer ${title}`, currency: "AUD", lines, total: "100" };
  const { offerId } = await ok(
    office.api.POST("/v1/cases/{caseId}/offers", {
      ...about,
      body: { contactId, content } as never,
    }),
  );
  const localTime = `${new Date(Date.now() + 172_800_000).toISOString().slice(0, 10)}T09:00`;
  const times = [{ localTime, timeZone: "Australia/Sydney", durationMinutes: 60 }];
  const plan = { title: `Visit ${title}`, times };
  const { visitId } = await ok(
    office.api.POST("/v1/cases/{caseId}/visits", { ...about, body: { contactId, plan } as never }),
  );
  return { ids: { offerId, visitId }, secrets: [offerId, visitId, content.title, plan.title] };
}

/** What another client of the case handed in, and what it was asked for; and its person. */
async function ofAnother(office: Office, index: number) {
  const { contactId, email, mobile } = office.contacts[index];
  const request = await office.request("Payslip of another", contactId);
  const { browser } = await office.enter(index, { visibility: "ALL" });
  const query = new URLSearchParams({
    filename: "another.pdf",
    documentRequestId: request.documentRequestId,
  });
  const handedIn = await upload(
    `/v1/portal/cases/${office.caseId}/documents?${query}`,
    pdf(),
    browser.headers(),
  );
  assert.equal(handedIn.response.status, 200);
  const { documentRequestId, title } = request;
  const { documentId, filename } = handedIn.body;
  const answer = newId("answer");
  const factFindId = await answeredBy(office, contactId, answer);
  const asked = [documentRequestId, title, factFindId, answer];
  const arranged = await arrangedWith(office, contactId, newId("title"));
  const { caseId } = office;
  return {
    ids: { caseId, documentId, documentRequestId, contactId, factFindId, ...arranged.ids },
    secrets: [contactId, email, mobile, documentId, filename, ...asked, ...arranged.secrets],
  };
}

test("who sees only its own finds nothing of another there, at any door [S2-23]", async () => {
  const office = await Office.ready();
  const another = await ofAnother(office, 1);
  const own = await office.enter(0, { visibility: "OWN" });
  const all = await office.enter(2, { visibility: "ALL" });
  const ids: Record<string, string> = another.ids;
  const shownToAll = new Set<string>();
  for (const { path, verb, operation } of portalRoutes) {
    if (verb !== "GET") continue;
    const target = path.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? "unknown");
    const ask = (browser: Browser) => call(path, verb, operation, ids, { Cookie: browser.cookie });
    const [mine, theirs] = [await ask(own.browser), await ask(all.browser)];
    const without = (text: string) => text.replaceAll(`"instance":"${target}"`, "");
    for (const secret of another.secrets) {
      assert.ok(!without(mine.text).includes(secret), `${verb} ${path} shows ${secret}`);
      if (without(theirs.text).includes(secret)) shownToAll.add(secret);
    }
    // What is named by its own id is not there.
    const single = /\{(documentId|documentRequestId|contactId|factFindId|offerId|visitId)\}/.test(
      path,
    );
    if (single) assert.equal(mine.status, 404, `${verb} ${path}: ${mine.text}`);
  }
  // Each of them is shown to whom may see it, so that its absence says something.
  assert.deepEqual([...shownToAll].sort(), [...another.secrets].sort());
});

test("a client's session and a staff credential do not open each other's doors", async () => {
  const office = await Office.ready();
  const { browser } = await office.enter(0);
  for (const { path, verb, operation } of staffRoutes) {
    const { status } = await call(path, verb, operation, {}, { Cookie: browser.cookie });
    assert.equal(status, 401, `${verb} ${path} by cookie`);
  }
  for (const { path, verb, operation } of portalRoutes) {
    const { status } = await call(path, verb, operation, {}, office.bearer());
    assert.equal(status, 401, `${verb} ${path} by API key`);
  }
  const session = new Browser();
  session.cookie = `gatehouse=${office.key}`;
  assert.equal((await session.session()).response.status, 403);
  assert.equal((await client(browser.cookie.split("=")[1]).GET("/v1/cases")).response.status, 403);
});
