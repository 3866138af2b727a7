// One browser, several lives: two jobs of one organisation, and two organisations.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser, Office, newId, ok, refused, tokenOf } from "./harness.ts";

/** Another case of the office with the same contacts, as a builder's second job for a client. */
async function secondCase(office: Office) {
  office.caseId = newId("build");
  await office.putCase();
  for (const label of ["Credit guide", "Privacy disclosure"]) await office.hold(label);
  return office.caseId;
}
test("a client enters two jobs in one session, and switches between them [X-6]", async () => {
  const office = await Office.ready();
  const first = office.caseId;
  const { browser } = await office.enter(0);
  const second = await secondCase(office);
  const invitation = await ok(office.invite(0, { delivery: "LINK_ONLY" }));
  await browser.enter(tokenOf(invitation.link!), office.contacts[0].mobile);
  const session = await ok(browser.session());
  assert.deepEqual([...session.caseIds].sort(), [first, second].sort());
  const { cases } = await ok(browser.api.GET("/v1/portal/cases"));
  assert.deepEqual(cases.map((one) => one.caseId).sort(), [first, second].sort());
  for (const caseId of [first, second]) {
    const shown = await ok(
      browser.api.GET("/v1/portal/cases/{caseId}", { params: { path: { caseId } } }),
    );
    assert.equal(shown.caseId, caseId);
  }
  // What ends is one job's access, not the other's.
  await office.revoke(invitation.invitationId);
  assert.deepEqual((await ok(browser.session())).caseIds, [first]);
});

test("two organisations on one gateway: a browser is signed in to both", async () => {
  const one = await Office.ready(),
    other = await Office.ready();
  const mine = await one.enter(0);
  const invitation = await ok(other.invite(0, { delivery: "LINK_ONLY" }));
  const theirs = new Browser(other.portalUrl);
  theirs.cookie = mine.browser.cookie; // One browser has one jar.
  await theirs.enter(tokenOf(invitation.link!), other.contacts[0].mobile);
  const jar = `${mine.browser.cookie}; ${theirs.cookie}`;
  for (const [browser, office] of [
    [mine.browser, one],
    [theirs, other],
  ] as const) {
    browser.cookie = jar;
    assert.deepEqual((await ok(browser.session())).caseIds, [office.caseId]);
  }
  // Signing out of one tab leaves the other.
  await ok(theirs.api.DELETE("/v1/portal/session"));
  theirs.cookie = jar;
  await refused(theirs.session(), 401, "CREDENTIAL_INVALID");
  mine.browser.cookie = jar;
  assert.deepEqual((await ok(mine.browser.session())).caseIds, [one.caseId]);
});
