// Offers: what staff share, and what clients accept of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Office, eventually, ok, refused, sha256 } from "./harness.ts";

/** What a roof costs, at this price in cents, tax included. */
const roof = (total: number, more: object = {}) => ({
  content: {
    title: "Six kilowatts on the roof",
    text: "Panels, inverter and fitting.",
    currency: "AUD",
    lines: [{ description: "Panels", quantity: "12 panels", amount: String(total - 100) }],
    taxes: [{ displayName: "GST", amount: "100" }],
    total: String(total),
    documents: [] as { documentId: string; sha256: string }[],
    ...more,
  },
});

const share = (office: Office, total: number, more: object = {}) =>
  office.api.POST("/v1/cases/{caseId}/offers", {
    ...office.aboutCase(),
    body: { ...roof(total), ...more } as never,
  });

test("[EZ-15] a client sees the shared offer, downloads it and accepts", async () => {
  const office = await Office.ready();
  const held = await office.hold("Offer");
  const params = { path: { caseId: office.caseId, documentId: held.documentId } };
  await ok(
    office.api.POST("/v1/cases/{caseId}/documents/{documentId}:share", { params, body: {} }),
  );
  const documents = [{ documentId: held.documentId, sha256: held.sha256 }];
  const offer = await ok(share(office, 1100, roof(1100, { documents })));
  const { browser } = await office.enter(0, { visibility: "OWN" });
  const path = { caseId: office.caseId, offerId: offer.offerId };
  const { offers } = await ok(
    browser.api.GET("/v1/portal/cases/{caseId}/offers", office.aboutCase()),
  );
  assert.deepEqual(
    offers.map(({ offerId, state, content }) => [offerId, state, content.total]),
    [[path.offerId, "OPEN", "1100"]],
  );
  await ok(
    browser.api.POST("/v1/portal/cases/{caseId}/offers/{offerId}:markSeen", {
      params: { path },
      body: {},
    }),
  );
  const file = await browser.api.GET("/v1/portal/cases/{caseId}/documents/{documentId}/content", {
    params,
    parseAs: "arrayBuffer",
  });
  assert.equal(sha256(new Uint8Array(file.data!)), held.sha256);
  // Whoever holds what was sealed can show what was accepted.
  assert.equal(sha256(Buffer.from(offers[0].sealedContent)), offers[0].contentSha256);
  assert.equal(JSON.parse(offers[0].sealedContent).total, "1100");
  const accepted = await ok(
    browser.api.POST("/v1/portal/cases/{caseId}/offers/{offerId}:accept", {
      params: { path },
      body: { contentSha256: offers[0].contentSha256 },
    }),
  );
  assert.equal(accepted.state, "ACCEPTED");
  assert.equal(accepted.decision!.clientAddress, "");
  const evidence = await ok(
    office.api.GET("/v1/cases/{caseId}/offers/{offerId}", { params: { path } }),
  );
  assert.equal(evidence.decision!.contactId, office.contacts[0].contactId);
  assert.equal(evidence.decision!.clientAddress, browser.address);
  assert.equal(evidence.sights.length, 1);
  for (const type of ["offer.shared", "offer.seen", "offer.accepted"])
    await eventually(
      async () => (await office.events()).events.find((event) => event.type === type),
      type,
    );
});

test("[EZ-15] two clients accept two offers at once, and one of them wins", async () => {
  const office = await Office.ready();
  const ada = await office.enter(0, { visibility: "OWN" });
  const bob = await office.enter(1, { visibility: "OWN" });
  const small = await ok(share(office, 1100, { closesOthers: true }));
  const large = await ok(share(office, 2200, { closesOthers: true }));
  const accept = (browser: typeof ada.browser, offer: typeof small) =>
    browser.api.POST("/v1/portal/cases/{caseId}/offers/{offerId}:accept", {
      params: { path: { caseId: office.caseId, offerId: offer.offerId } },
      body: { contentSha256: offer.contentSha256 },
    });
  const answers = await Promise.all([accept(ada.browser, small), accept(bob.browser, large)]);
  assert.deepEqual(answers.map(({ response }) => response.status).sort(), [200, 400]);
  const { offers } = await ok(office.api.GET("/v1/cases/{caseId}/offers", office.aboutCase()));
  assert.deepEqual(offers.map(({ state }) => state).sort(), ["ACCEPTED", "CLOSED"]);
});

test("an offer that does not add up is refused, with the place", async () => {
  const office = await Office.ready();
  const wrong = roof(1100, { total: "1101" });
  const problem = await refused(share(office, 1100, wrong), 400, "INVALID_REQUEST");
  assert.match(JSON.stringify(problem), /content\.total/);
});
