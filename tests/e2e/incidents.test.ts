// What clients report of a case, and what staff make of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Office, eventually, ok, pdf, refused, upload } from "./harness.ts";

/** An organisation that takes reports of leaks, and its client. */
async function entered() {
  const office = await Office.ready();
  const clientTexts = [{ language: "en", displayName: "Water comes in", description: "" }];
  const types = [{ incidentTypeId: "leak", displayName: "Leak, priority 1", clientTexts }];
  await ok(office.api.PATCH("/v1/incidentSettings", { body: { types } }));
  const { browser } = await office.enter(0, { visibility: "OWN" });
  return { office, browser };
}

test("[EZ-8] the types of incident are configured", async () => {
  const { office, browser } = await entered();
  const { types } = await ok(browser.api.GET("/v1/portal/incidentTypes"));
  assert.deepEqual(
    types.map((type) => [type.incidentTypeId, type.displayName]),
    [["leak", "Water comes in"]],
  );
  const report = browser.api.POST("/v1/portal/cases/{caseId}/incidents", {
    ...office.aboutCase(),
    body: { incidentTypeId: "flood", text: "?" },
  });
  await refused(report, 400, "INCIDENT_TYPE_UNKNOWN");
});

test("[EZ-7] a client registers an incident, and staff have it and answer", async () => {
  const { office, browser } = await entered();
  const reported = await ok(
    browser.api.POST("/v1/portal/cases/{caseId}/incidents", {
      ...office.aboutCase(),
      body: { incidentTypeId: "leak", text: "The roof leaks." },
    }),
  );
  const path = { caseId: office.caseId, incidentId: reported.incidentId };
  const list = await ok(office.api.GET("/v1/cases/{caseId}/incidents", office.aboutCase()));
  assert.deepEqual(
    [list.incidents[0].incidentId, list.incidents[0].state],
    [path.incidentId, "OPEN"],
  );
  await ok(
    office.api.POST("/v1/cases/{caseId}/incidents/{incidentId}:reply", {
      params: { path },
      body: { text: "We come on Monday.", resolve: true },
    }),
  );
  const seen = await ok(
    browser.api.GET("/v1/portal/cases/{caseId}/incidents/{incidentId}", { params: { path } }),
  );
  assert.equal(seen.state, "RESOLVED");
  assert.deepEqual(
    seen.messages.map((message) => message.text),
    ["The roof leaks.", "We come on Monday."],
  );
  for (const type of ["incident.created", "incident.replied"])
    await eventually(
      async () => (await office.events()).events.find((event) => event.type === type),
      type,
    );
  const bob = await office.enter(1, { visibility: "OWN" });
  await refused(
    bob.browser.api.GET("/v1/portal/cases/{caseId}/incidents/{incidentId}", { params: { path } }),
    404,
    "NOT_FOUND",
  );
});

test("[EZ-7] a client registers an incident with a file, which staff open", async () => {
  const { office, browser } = await entered();
  const content = pdf("The leak");
  const query = new URLSearchParams({ filename: "leak.pdf" });
  const path = `/v1/portal/cases/${office.caseId}/documents?${query}`;
  const { documentId } = (await upload(path, content, browser.headers())).body;
  const { incidentId } = await ok(
    browser.api.POST("/v1/portal/cases/{caseId}/incidents", {
      ...office.aboutCase(),
      body: { incidentTypeId: "leak", text: "Here it is.", documentIds: [documentId] },
    }),
  );
  const { messages } = await ok(
    office.api.GET("/v1/cases/{caseId}/incidents/{incidentId}", {
      params: { path: { caseId: office.caseId, incidentId } },
    }),
  );
  assert.deepEqual(messages[0].documentIds, [documentId]);
  const found = await ok(office.api.GET("/v1/cases/{caseId}/documents", office.aboutCase()));
  assert.ok(found.documents.some((one) => one.documentId === documentId));
});
