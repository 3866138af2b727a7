// Tasks: what is asked of a client, in one list.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Office, ok, pdf, upload } from "./harness.ts";

const pipeline = {
  displayName: "Solar",
  kinds: ["deal"],
  states: [
    {
      stateId: "drawing",
      displayName: "Draw the roof",
      view: "DRAWING" as const,
      moves: [{ toStateId: "offer", clientAction: "SUBMITTED" as const }],
    },
    {
      stateId: "offer",
      displayName: "The offer",
      view: "OFFER" as const,
      moves: [{ toStateId: "done", externalAction: "offer-accepted" }],
    },
    { stateId: "done", displayName: "Done", view: "SUCCESS" as const },
  ],
};

test("[EZ-1] a client does everything there: what is to be done is one list", async () => {
  const office = await Office.ready();
  await ok(
    office.api.PUT("/v1/pipelines/{pipelineId}", {
      params: { path: { pipelineId: "solar" } },
      body: pipeline as never,
    }),
  );
  await office.putCase();
  const { browser } = await office.enter(0, { visibility: "OWN" });
  const todo = async () => {
    const { tasks } = await ok(
      browser.api.GET("/v1/portal/cases/{caseId}/tasks", office.aboutCase()),
    );
    return tasks.map(({ kind }) => kind);
  };
  assert.deepEqual(await todo(), ["DRAWING", "STEP"]);
  const polygon = JSON.stringify({
    type: "Polygon",
    coordinates: [
      [
        [0, 0],
        [0.0001, 0],
        [0.0001, 0.0001],
        [0, 0],
      ],
    ],
  });
  await ok(
    browser.api.PUT("/v1/portal/cases/{caseId}/drawing", {
      ...office.aboutCase(),
      body: { faces: [{ polygon, azimuthDegrees: 180, tiltDegrees: 30 }] as never },
    }),
  );
  await ok(
    browser.api.POST("/v1/portal/cases/{caseId}:submit", {
      ...office.aboutCase(),
      body: { stateId: "drawing" },
    }),
  );
  assert.deepEqual(await todo(), []);
  const offer = await ok(
    office.api.POST("/v1/cases/{caseId}/offers", {
      ...office.aboutCase(),
      body: {
        content: {
          title: "Solar",
          currency: "AUD",
          lines: [{ description: "Panels", amount: "100000" }],
          total: "100000",
        } as never,
      },
    }),
  );
  assert.deepEqual(await todo(), ["OFFER"]);
  await ok(
    browser.api.POST("/v1/portal/cases/{caseId}/offers/{offerId}:accept", {
      params: { path: { caseId: office.caseId, offerId: offer.offerId } },
      body: { contentSha256: offer.contentSha256 },
    }),
  );
  assert.deepEqual(await todo(), []);
  // Staff get all of it.
  const status = await ok(office.api.GET("/v1/cases/{caseId}/status", office.aboutCase()));
  assert.equal(status.state!.stateId, "done");
  const { tasks } = await ok(office.api.GET("/v1/cases/{caseId}/tasks", office.aboutCase()));
  assert.deepEqual(tasks, []);
});

test("[EZ-3] the main screen: personal data, documents, incidents, and the states", async () => {
  const office = await Office.ready();
  await ok(
    office.api.PUT("/v1/pipelines/{pipelineId}", {
      params: { path: { pipelineId: "solar" } },
      body: pipeline as never,
    }),
  );
  await ok(
    office.api.PATCH("/v1/incidentSettings", {
      body: { types: [{ incidentTypeId: "leak", displayName: "Leak", clientTexts: [] }] },
    }),
  );
  await office.putCase();
  const { browser } = await office.enter(0, { visibility: "OWN" });
  await ok(
    browser.api.POST("/v1/portal/cases/{caseId}/incidents", {
      ...office.aboutCase(),
      body: { incidentTypeId: "leak", text: "The roof leaks." },
    }),
  );
  const query = new URLSearchParams({ filename: "bill.pdf" });
  await upload(`/v1/portal/cases/${office.caseId}/documents?${query}`, pdf(), browser.headers());
  const { cases } = await ok(browser.api.GET("/v1/portal/home"));
  assert.equal(cases[0].case.contacts[0].email, office.contacts[0].email);
  assert.equal(cases[0].status.current!.displayName, "Draw the roof");
  assert.deepEqual(
    cases[0].status.next.map(({ displayName }) => displayName),
    ["The offer"],
  );
  const { documents } = await ok(
    browser.api.GET("/v1/portal/cases/{caseId}/documents", office.aboutCase()),
  );
  assert.deepEqual(
    documents.map(({ filename }) => filename),
    ["bill.pdf"],
  );
  const { incidents } = await ok(
    browser.api.GET("/v1/portal/cases/{caseId}/incidents", office.aboutCase()),
  );
  assert.deepEqual(
    incidents.map(({ state }) => state),
    ["OPEN"],
  );
});
