// What each preset of the policy means for who is invited, from an empty organisation to a client
// inside.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Browser,
  Office,
  codeTo,
  eventually,
  linkIn,
  mailsTo,
  newEmail,
  newId,
  ok,
  refused,
  textsTo,
  tokenOf,
  type Schemas,
} from "./harness.ts";

const apply = (office: Office, body: Schemas["ApplyPolicyPresetRequest"]) =>
  office.api.POST("/v1/invitationPolicy:applyPreset", { body });

/** The link that the contact of this number was mailed. */
async function mailed(office: Office, index: number) {
  await ok(office.invite(index));
  const { email } = office.contacts[index];
  const mail = await eventually(async () => (await mailsTo(email))[0], "the mail");
  return tokenOf(linkIn(mail.text));
}

test("link-and-sms: a link for 7 days, then a code; three clients [CC-1] [CC-7]", async () => {
  const office = await Office.ready();
  const policy = await ok(apply(office, { preset: "LINK_AND_SMS" }));
  assert.equal(policy.linkTtl, "604800s");
  for (const index of [0, 1, 2]) {
    const token = await mailed(office, index);
    const { mobile } = office.contacts[index];
    assert.equal((await textsTo(mobile)).length, 0);
    const browser = new Browser(office.portalUrl);
    await browser.enter(token, mobile);
    await ok(browser.session());
  }
  const problem = await refused(office.invite(3), 400, "INVITATION_NOT_ALLOWED");
  assert.equal(problem.violations![0].type, "INVITATION_LIMIT_REACHED");
});

test("sms-with-invitation: one client, a code along, also to the owner [S1-3] [S1-5]", async () => {
  const office = await Office.ready();
  office.owner.email = newEmail();
  await office.putCase();
  await ok(apply(office, { preset: "SMS_WITH_INVITATION" }));
  const token = await mailed(office, 0);
  const code = await codeTo(office.contacts[0].mobile);
  const own = await eventually(async () => (await mailsTo(office.owner.email))[0], "the owner's");
  assert.match(own.text, new RegExp(`\\b${code}\\b`));
  const browser = new Browser(office.portalUrl);
  const { challengeId } = await ok(browser.start(token));
  await ok(browser.verify(challengeId, code));
  await ok(browser.session());
  assert.equal((await textsTo(office.contacts[0].mobile)).length, 1);
  const problem = await refused(office.invite(1), 400, "INVITATION_NOT_ALLOWED");
  assert.equal(problem.violations![0].type, "INVITATION_LIMIT_REACHED");
});

test("until-revoked: the same link lets in each time, until staff revoke it [S2-29]", async () => {
  const office = await Office.ready();
  await ok(apply(office, { preset: "UNTIL_REVOKED" }));
  const invitation = await ok(office.invite(0, { delivery: "LINK_ONLY", visibility: "OWN" }));
  assert.equal(invitation.expireTime, undefined);
  const token = tokenOf(invitation.link!);
  const browsers = [new Browser(office.portalUrl), new Browser(office.portalUrl)];
  for (const browser of browsers) await browser.enter(token, office.contacts[0].mobile);
  await office.revoke(invitation.invitationId);
  for (const browser of browsers) await refused(browser.session(), 401, "CREDENTIAL_INVALID");
  await refused(new Browser(office.portalUrl).start(token), 400, "LINK_REVOKED");
});

test("magic-link: the link alone, once; then a code by mail [EZ-23] [EZ-25] [EZ-26]", async () => {
  const office = await Office.ready();
  const policy = await ok(apply(office, { preset: "MAGIC_LINK" }));
  assert.deepEqual([policy.linkTtl, policy.singleUseLinks], ["2700s", true]);
  const { email, mobile } = office.contacts[0];
  const token = await mailed(office, 0);
  const [mail] = await mailsTo(email);
  assert.doesNotMatch(mail.text, /SMS/);
  const browser = new Browser(office.portalUrl);
  const opened = await ok(browser.open(token));
  assert.deepEqual(opened.methods, ["LINK", "EMAIL_CODE"]);
  const enter = (page: Browser) =>
    page.api.POST("/v1/portal/signIn:link", { body: { token, nonce: page.nonce } });
  const { session } = await ok(enter(browser));
  const { cases } = await ok(browser.api.GET("/v1/portal/cases"));
  assert.deepEqual(
    cases.map((one) => one.caseId),
    [office.caseId],
  );
  assert.equal((await ok(enter(browser))).session.sessionId, session.sessionId); // A second click.
  assert.equal((await textsTo(mobile)).length, 0);
  const late = new Browser(office.portalUrl);
  await refused(enter(late), 400, "LINK_USED");
  assert.deepEqual((await ok(late.open(token))).methods, ["EMAIL_CODE"]);
  const started = await ok(
    late.api.POST("/v1/portal/signIn:start", { body: { token, method: "EMAIL_CODE", email } }),
  );
  const code = await eventually(async () => {
    const texts = (await mailsTo(email)).map((one) => one.text.match(/\b\d{6}\b/)?.[0]);
    return texts.find((found) => found !== undefined);
  }, "the code by e-mail");
  await ok(late.verify(started.challengeId, code));
  await ok(late.session());
});

test("of twenty who press the button of one magic link at once, one is let in", async () => {
  const office = await Office.ready();
  await ok(apply(office, { preset: "MAGIC_LINK" }));
  const invitation = await ok(office.invite(0, { delivery: "LINK_ONLY" }));
  const token = tokenOf(invitation.link!);
  const pages = Array.from({ length: 20 }, () => new Browser(office.portalUrl));
  const answers = await Promise.all(
    pages.map((page) =>
      page.api.POST("/v1/portal/signIn:link", { body: { token, nonce: page.nonce } }),
    ),
  );
  assert.equal(answers.filter(({ response }) => response.ok).length, 1);
  assert.equal(pages.filter(({ cookie }) => cookie).length, 1);
});

test("what a link alone cannot stand beside is refused by both names", async () => {
  const office = await Office.ready();
  await ok(apply(office, { preset: "MAGIC_LINK" }));
  const change = async (body: Schemas["Policy"], other: RegExp) => {
    const answer = office.api.PATCH("/v1/invitationPolicy", { body });
    const { violations } = await refused(answer, 400, "INVALID_REQUEST");
    assert.match(JSON.stringify(violations), /link_?alone/i);
    assert.match(JSON.stringify(violations), other);
  };
  await change({ linkTtl: "2701s" }, /link_?ttl/i);
  await change({ singleUseLinks: false }, /single_?use_?links/i);
  await change({ password: "PASSWORD_AND_SMS", emailCode: false }, /password/);
  await change({ passkeys: "PASSKEY_FOR_CODE" }, /passkeys/);
});

test("a preset takes the place of another, is on the trail, and must be known", async () => {
  const office = await Office.ready();
  const requestId = newId("request");
  const { etag } = await ok(apply(office, { preset: "UNTIL_REVOKED", requestId }));
  const policy = await ok(apply(office, { preset: "LINK_AND_SMS", etag }));
  assert.equal(policy.linkTtl, "604800s");
  await refused(apply(office, { preset: "UNTIL_REVOKED", etag }), 409, "ETAG_MISMATCH");
  const unknown = { preset: "MAGIC" as "LINK_AND_SMS" };
  await refused(apply(office, unknown), 400, "INVALID_REQUEST");
  await refused(apply(office, {} as { preset: "LINK_AND_SMS" }), 400, "INVALID_REQUEST");
  const changes = await eventually(async () => {
    const { auditEvents } = await ok(office.api.GET("/v1/auditEvents"));
    const updated = auditEvents.filter((event) => event.type === "settings.updated");
    return updated.length === 2 ? updated : undefined;
  }, "both changes on the trail");
  assert.match(JSON.stringify(changes[0]), /604800s/);
});
