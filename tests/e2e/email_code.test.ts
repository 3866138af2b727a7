// Entering by a code that is sent by e-mail, where the link has expired or served.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Browser,
  Office,
  client,
  eventually,
  mailsTo,
  newEmail,
  ok,
  refused,
  tokenOf,
} from "./harness.ts";

/** An office whose links serve once, and whose clients may enter by an e-mailed code. */
async function portal() {
  const office = await Office.ready();
  await ok(
    office.api.PATCH("/v1/invitationPolicy", {
      body: { linkTtl: "2700s", singleUseLinks: true, emailCode: true },
    }),
  );
  return office;
}
/** With a link that has served its one sign-in. */
async function returning() {
  const office = await portal();
  const { invitation } = await office.enter(0);
  return { office, token: tokenOf(invitation.link!), email: office.contacts[0].email! };
}
const startByEmail = (browser: Browser, token: string, email: string) =>
  browser.api.POST("/v1/portal/signIn:start", { body: { token, method: "EMAIL_CODE", email } });
const codeIn = async (email: string, count = 1) => {
  const mails = await eventually(async () => {
    const codes = (await mailsTo(email)).filter((mail) => /\d{6}/.test(mail.text));
    return codes.length >= count ? codes : undefined;
  }, "the mail with the code");
  return mails[count - 1].text.match(/\d{6}/)![0];
};

test("a used link leads to an e-mail form, which asks for a code [EZ-27]", async () => {
  const { office, token, email } = await returning();
  const browser = new Browser(office.portalUrl);
  const opened = await ok(browser.open(token));
  assert.deepEqual([opened.state, opened.methods], ["USED", ["EMAIL_CODE"]]);
  assert.equal(opened.maskedEmail, "");
  await refused(browser.start(token), 400, "LINK_USED");
  const started = await ok(startByEmail(browser, token, email));
  assert.ok(started.challengeId);
});

test("the code goes to the e-mail address, and opens the portal [EZ-28] [EZ-32]", async () => {
  const { office, token, email } = await returning();
  const browser = new Browser(office.portalUrl);
  const { challengeId } = await ok(startByEmail(browser, token, ` ${email.toUpperCase()} `));
  await ok(browser.verify(challengeId, await codeIn(email)));
  const { cases } = await ok(browser.api.GET("/v1/portal/cases"));
  assert.deepEqual(
    cases.map((one) => one.caseId),
    [office.caseId],
  );
});

test("the e-mail address must be the registered one, and nothing tells [EZ-29]", async () => {
  const { office, token, email } = await returning();
  const stranger = newEmail();
  const browser = new Browser(office.portalUrl);
  const theirs = await ok(startByEmail(browser, token, email));
  const other = await ok(startByEmail(browser, token, stranger));
  assert.deepEqual(Object.keys(other).sort(), Object.keys(theirs).sort());
  assert.equal(other.challengeId.length, theirs.challengeId.length);
  assert.notEqual(other.challengeId, theirs.challengeId);
  const code = await codeIn(email);
  assert.deepEqual(await mailsTo(stranger), []);
  const wrong = code === "000000" ? "000001" : "000000";
  for (const challengeId of [theirs.challengeId, other.challengeId]) {
    const problem = await refused(browser.verify(challengeId, wrong), 401, "CODE_WRONG");
    assert.deepEqual({ ...problem, attemptsLeft: 4 }, problem);
  }
  await refused(browser.verify(other.challengeId, code), 401, "CODE_WRONG");
  await ok(browser.verify(theirs.challengeId, code));
});

test("a code by e-mail serves once [EZ-31]", async () => {
  const { office, token, email } = await returning();
  const browser = new Browser(office.portalUrl);
  const { challengeId } = await ok(startByEmail(browser, token, email));
  const code = await codeIn(email);
  await ok(browser.verify(challengeId, code));
  const another = new Browser(office.portalUrl);
  await refused(another.verify(challengeId, code), 400, "CHALLENGE_EXPIRED");
});

test("staff write the code's mail with |client_code_verification| [EZ-33]", async () => {
  const { office, token, email } = await returning();
  await ok(
    office.api.PATCH("/v1/templates/{templateId}", {
      params: { path: { templateId: "sign-in-code-by-email" } },
      body: { subject: "Su código", body: "Código: |client_code_verification|\n" },
    }),
  );
  const browser = new Browser(office.portalUrl);
  const { challengeId } = await ok(startByEmail(browser, token, email));
  await ok(browser.verify(challengeId, await codeIn(email)));
  const mail = (await mailsTo(email)).find((one) => one.subject === "Su código");
  assert.match(mail!.text, /^Código: \d{6}\r\n$/);
});

test("where the policy does not let it, no code is sent by e-mail", async () => {
  const office = await Office.ready();
  const invitation = await ok(office.invite(0, { delivery: "LINK_ONLY" }));
  const token = tokenOf(invitation.link!);
  const browser = new Browser(office.portalUrl);
  assert.deepEqual((await ok(browser.open(token))).methods, ["SMS_CODE"]);
  await refused(startByEmail(browser, token, office.contacts[0].email!), 400, "INVALID_REQUEST");
  await refused(
    startByEmail(browser, "unknown-token", office.contacts[0].email!),
    404,
    "NOT_FOUND",
  );
  assert.equal((await client().GET("/v1/portal/session")).response.status, 401);
});

test("a revoked access is not entered by e-mail either", async () => {
  const office = await portal();
  const { invitation } = await office.enter(0);
  const token = tokenOf(invitation.link!);
  const browser = new Browser(office.portalUrl);
  const { challengeId } = await ok(startByEmail(browser, token, office.contacts[0].email!));
  const code = await codeIn(office.contacts[0].email!);
  await office.revoke(invitation.invitationId);
  await refused(browser.verify(challengeId, code), 400, "ACCESS_REVOKED");
  await refused(startByEmail(browser, token, office.contacts[0].email!), 400, "LINK_REVOKED");
});
