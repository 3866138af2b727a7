// Who has lost a phone or a password: recovery codes, and staff's reset.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Browser,
  Office,
  codeTo,
  eventually,
  mailsTo,
  newId,
  ok,
  refused,
  textsTo,
  tokenOf,
  type Schemas,
} from "./harness.ts";

const recover = (browser: Browser, challengeId: string, recoveryCode: string) =>
  browser.api.POST("/v1/portal/signIn:recover", { body: { challengeId, recoveryCode } });
const makeCodes = async (browser: Browser) =>
  (await ok(browser.api.POST("/v1/portal/recoveryCodes:create", { body: {} }))).codes;
const reset = (office: Office, { invitationId }: Schemas["Invitation"]) =>
  office.api.POST("/v1/cases/{caseId}/invitations/{invitationId}:resetFactors", {
    ...office.about(invitationId),
    body: {},
  });
const mailOf = (email: string, subject: RegExp) =>
  eventually(
    async () => (await mailsTo(email)).find((mail) => subject.test(mail.subject)),
    `a mail about ${subject}`,
  );
const textOf = (mobile: string, words: RegExp) =>
  eventually(
    async () => (await textsTo(mobile)).find((text) => words.test(text.body)),
    `an SMS that says ${words}`,
  );

test("a client without her phone enters by her link and a recovery code, once", async () => {
  const office = await Office.ready();
  const { email, mobile } = office.contacts[0];
  const { browser, invitation } = await office.enter(0);
  const codes = await makeCodes(browser);
  assert.equal(codes.length, 10);
  await mailOf(email, /^Recovery codes/); // By both ways, for one may be somebody else's by now.
  await textOf(mobile, /recovery codes were just made/);
  const token = tokenOf(invitation.link!);
  const abroad = new Browser(office.portalUrl);
  const { challengeId } = await ok(abroad.start(token));
  await refused(recover(abroad, challengeId, "7KQ2-M9XD-03FH-TN5V"), 401, "RECOVERY_CODE_WRONG");
  await ok(recover(abroad, challengeId, codes[0].toLowerCase().replaceAll("-", " ")));
  await ok(abroad.session());
  const left = await ok(abroad.api.GET("/v1/portal/recoveryCodes"));
  assert.equal(left.remaining, 9);
  await mailOf(email, /A recovery code .* was used/);
  const { auditEvents } = await ok(office.api.GET("/v1/auditEvents"));
  assert.ok(auditEvents.some((event) => event.type === "recoveryCode.used"));
});

test("staff reset how a client signs in: she is told, and needs a new link", async () => {
  const office = await Office.ready();
  const { email, mobile } = office.contacts[0];
  const { browser, invitation } = await office.enter(0);
  const codes = await makeCodes(browser);
  await ok(reset(office, invitation));
  await refused(browser.session(), 401, "CREDENTIAL_INVALID");
  await mailOf(email, /was reset$/);
  await textOf(mobile, /was reset/);
  const old = new Browser(office.portalUrl);
  await refused(old.start(tokenOf(invitation.link!)), 400, "LINK_REVOKED");
  const { link } = await ok(office.createLink(invitation.invitationId));
  const again = new Browser(office.portalUrl);
  const { challengeId } = await ok(again.start(tokenOf(link)));
  await refused(recover(again, challengeId, codes[0]), 401, "RECOVERY_CODE_WRONG");
  await refused(again.session(), 401, "CREDENTIAL_MISSING"); // The code by SMS is asked for still.
  const { auditEvents } = await ok(office.api.GET("/v1/auditEvents"));
  assert.ok(auditEvents.some((event) => event.type === "factors.reset"));
  assert.ok((await office.notes()).some((note) => /was reset/.test(note)));
});

test("a reset ends her other job's links too, and what was begun by one", async () => {
  const office = await Office.ready();
  const { mobile } = office.contacts[0];
  const { invitation } = await office.enter(0);
  const first = office.caseId,
    second = newId("build");
  office.caseId = second;
  await office.putCase();
  for (const label of ["Credit guide", "Privacy disclosure"]) await office.hold(label);
  const other = await ok(office.invite(0, { delivery: "LINK_ONLY" }));
  const token = tokenOf(other.link!);
  const begun = new Browser(office.portalUrl);
  const { challengeId } = await ok(begun.start(token));
  const code = await codeTo(mobile, 2);
  office.caseId = first;
  await ok(reset(office, invitation));
  await eventually(async () => (await textsTo(mobile))[2], "the SMS that tells of it");
  await refused(begun.verify(challengeId, code), 400, "CHALLENGE_EXPIRED");
  await refused(new Browser(office.portalUrl).start(token), 400, "LINK_REVOKED");
  office.caseId = second;
  await eventually(
    async () => (await office.notes()).some((note) => /was reset/.test(note)) || undefined,
    "the note on the other job",
  );
  const { link } = await ok(office.createLink(other.invitationId));
  const session = await new Browser(office.portalUrl).enter(tokenOf(link), mobile);
  assert.deepEqual(session.caseIds, [second]);
});
