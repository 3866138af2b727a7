// Portals with passwords: from the invitation's mail to a client inside, and back in after that.
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

const good = "tin roof pebble",
  other = "rain on the pond";

const apply = (office: Office, body: Schemas["ApplyPolicyPresetRequest"]) =>
  office.api.POST("/v1/invitationPolicy:applyPreset", { body });
const create = (browser: Browser, token: string, password: string) =>
  browser.api.POST("/v1/portal/password:create", { body: { token, password } });
const enterBy = (browser: Browser, body: Schemas["SignInWithPasswordRequest"]) =>
  browser.api.POST("/v1/portal/signIn:password", { body });
const mailNumber = (email: string, index: number) =>
  eventually(async () => (await mailsTo(email))[index], `mail ${index + 1}`);

/** The token of the link that the contact of this number was mailed. */
async function mailed(office: Office, index = 0) {
  await ok(office.invite(index));
  return tokenOf(linkIn((await mailNumber(office.contacts[index].email, 0)).text));
}
/** An organisation of the preset, without a single SMS credit. */
async function builder() {
  const office = await Office.open("AU", 0);
  for (const label of ["Credit guide", "Privacy disclosure"]) await office.hold(label);
  await ok(apply(office, { preset: "PASSWORD" }));
  return office;
}
const resetToken = async (email: string, index: number) => {
  const { text } = await mailNumber(email, index);
  return text.match(/\/password#(\S+)/)![1];
};

test("password: a client creates one from the link, then signs in [HB-12] [HB-13]", async () => {
  const office = await builder();
  const ada = office.contacts[0];
  const token = await mailed(office);
  const browser = new Browser(office.portalUrl);
  const opened = await ok(browser.open(token));
  assert.deepEqual([opened.methods, opened.password], [["PASSWORD"], "PASSWORD_NONE"]);
  await refused(browser.start(token), 400, "INVALID_REQUEST"); // No code leads in.
  const short = await refused(create(browser, token, "pebble"), 400, "PASSWORD_TOO_SHORT");
  assert.equal(Number((short as unknown as { least: unknown }).least), 15);
  await refused(create(browser, token, "password12345678"), 400, "PASSWORD_TOO_COMMON");
  const { session } = await ok(create(browser, token, good));
  assert.deepEqual(session!.caseIds, [office.caseId]);
  await ok(browser.session());
  await ok(browser.api.DELETE("/v1/portal/session"));

  const { organisationId } = opened.organisation!;
  assert.equal(organisationId, office.id);
  const again = new Browser(office.portalUrl);
  await ok(enterBy(again, { organisationId, email: ada.email.toUpperCase(), password: good }));
  const { cases } = await ok(again.api.GET("/v1/portal/cases"));
  assert.deepEqual(
    cases.map((one) => one.caseId),
    [office.caseId],
  );
  assert.deepEqual(await textsTo(ada.mobile), []);
  const { invitations } = await ok(
    office.api.GET("/v1/cases/{caseId}/invitations", office.aboutCase()),
  );
  assert.equal(invitations[0].state, "ACCEPTED");
});

test("the create-password mail is nobody's to change [HB-15]", async () => {
  const office = await builder();
  const own = { subject: "Come in", body: "Hello {{link}}" };
  await refused(office.invite(0, { email: own }), 400, "TEMPLATE_FIXED");
  await refused(
    office.api.PATCH("/v1/templates/{templateId}", {
      params: { path: { templateId: "create-password" } },
      body: own,
    }),
    400,
    "TEMPLATE_FIXED",
  );
  // The policy's own text is not for it either.
  await ok(office.api.PATCH("/v1/invitationPolicy", { body: { email: own } }));
  await ok(office.invite(0));
  const mail = await mailNumber(office.contacts[0].email, 0);
  assert.match(mail.text, /you create your password/);
});

test("known from another office, a client is welcomed [HB-16] [HB-17] [HB-19]", async () => {
  const office = await builder(),
    branch = await builder();
  const ada = office.contacts[0];
  await ok(create(new Browser(office.portalUrl), await mailed(office), good));
  branch.contacts[0].email = ada.email;
  await branch.putCase();
  await ok(
    branch.api.PATCH("/v1/templates/{templateId}", {
      params: { path: { templateId: "CustomerInvitationFromAnotherOffice" } },
      body: { subject: "Welcome to the branch", body: "Sign in as you do there: {{link}}" },
    }),
  );
  await ok(branch.invite(0));
  const mail = await mailNumber(ada.email, 1);
  assert.equal(mail.subject, "Welcome to the branch");
  const token = tokenOf(linkIn(mail.text));
  const browser = new Browser(branch.portalUrl);
  assert.equal((await ok(browser.open(token))).password, "PASSWORD_ELSEWHERE");
  await refused(enterBy(browser, { token, password: other }), 401, "PASSWORD_WRONG");
  await ok(enterBy(browser, { token, password: good }));
  await ok(browser.session());
  const again = new Browser(branch.portalUrl);
  const { session } = await ok(
    enterBy(again, { organisationId: branch.id, email: ada.email, password: good }),
  );
  assert.deepEqual(session!.caseIds, [branch.caseId]); // Of this office, and no other.
});

test("a password and a code by SMS: neither is enough [CC-1]", async () => {
  const office = await Office.ready();
  await ok(office.api.PATCH("/v1/invitationPolicy", { body: { password: "PASSWORD_AND_SMS" } }));
  const { email, mobile } = office.contacts[0];
  const token = await mailed(office);
  const browser = new Browser(office.portalUrl);
  const { challenge, session } = await ok(create(browser, token, "tin roof"));
  assert.equal(session, undefined);
  await refused(browser.session(), 401, "CREDENTIAL_MISSING");
  await ok(browser.verify(challenge!.challengeId, await codeTo(mobile)));
  await ok(browser.session());

  const again = new Browser(office.portalUrl);
  const by = { organisationId: office.id, email };
  await refused(enterBy(again, { ...by, password: "tin rook" }), 401, "PASSWORD_WRONG");
  assert.equal((await textsTo(mobile)).length, 1);
  const second = await ok(enterBy(again, { ...by, password: "tin roof" }));
  await ok(again.verify(second.challenge!.challengeId, await codeTo(mobile, 2)));
  await ok(again.session());
});

test("a password made beside a code is too short once it is all that is asked for", async () => {
  const office = await Office.ready();
  const use = (password: "PASSWORD_AND_SMS" | "PASSWORD_ALONE") =>
    ok(office.api.PATCH("/v1/invitationPolicy", { body: { password } }));
  await use("PASSWORD_AND_SMS");
  const { email, mobile } = office.contacts[0];
  const browser = new Browser(office.portalUrl);
  const { challenge } = await ok(create(browser, await mailed(office), "tin roof"));
  await ok(browser.verify(challenge!.challengeId, await codeTo(mobile)));
  await use("PASSWORD_ALONE");
  const again = new Browser(office.portalUrl);
  const by = { organisationId: office.id, email };
  await refused(enterBy(again, { ...by, password: "tin roof" }), 400, "PASSWORD_TOO_SHORT");
  await ok(again.api.POST("/v1/portal/password:forgot", { body: by }));
  const token = await resetToken(email, 1);
  await ok(again.api.POST("/v1/portal/password:reset", { body: { token, password: good } }));
  await ok(enterBy(again, { ...by, password: good }));
  await ok(again.session());
});

test("an address that is nobody's is answered as a wrong password", async () => {
  const office = await builder();
  await ok(create(new Browser(office.portalUrl), await mailed(office), good));
  const browser = new Browser(office.portalUrl);
  const by = { organisationId: office.id, password: other };
  const wrong = await refused(
    enterBy(browser, { ...by, email: office.contacts[0].email }),
    401,
    "PASSWORD_WRONG",
  );
  const unknown = await refused(
    enterBy(browser, { ...by, email: newEmail() }),
    401,
    "PASSWORD_WRONG",
  );
  assert.deepEqual(
    { ...unknown, request_id: "", instance: "" },
    { ...wrong, request_id: "", instance: "" },
  );
  for (const email of [office.contacts[0].email, newEmail()]) {
    const forgot = { organisationId: office.id, email };
    assert.deepEqual(
      await ok(browser.api.POST("/v1/portal/password:forgot", { body: forgot })),
      {},
    );
  }
});

test("a forgotten password is chosen anew by mail; the client is told, sessions end", async () => {
  const office = await Office.ready();
  await ok(apply(office, { preset: "PASSWORD" }));
  const { email, mobile } = office.contacts[0];
  const inside = new Browser(office.portalUrl);
  await ok(create(inside, await mailed(office), good));
  const browser = new Browser(office.portalUrl);
  const forgot = { organisationId: office.id, email, portalUrl: `${office.portalUrl}/` };
  await ok(browser.api.POST("/v1/portal/password:forgot", { body: forgot }));
  const token = await resetToken(email, 1);
  const choose = (password: string) =>
    browser.api.POST("/v1/portal/password:reset", { body: { token, password } });
  await refused(choose("pebble"), 400, "PASSWORD_TOO_SHORT");
  await ok(choose(other));
  assert.equal(browser.cookie, ""); // It enters nothing.
  await refused(inside.session(), 401, "CREDENTIAL_INVALID");
  await refused(choose("a third one, at night"), 400, "PASSWORD_RESET_EXPIRED");
  const by = { organisationId: office.id, email };
  await refused(enterBy(browser, { ...by, password: good }), 401, "PASSWORD_WRONG");
  await ok(enterBy(browser, { ...by, password: other }));
  assert.match((await mailNumber(email, 2)).text, /password .* was just changed/);
  for (const told of [/a password .* was made/, /your password .* was changed/]) {
    await eventually(async () => (await textsTo(mobile)).find((sms) => told.test(sms.body)), "SMS");
  }
});

test("whoever reads the mailbox still needs the phone, after a reset too", async () => {
  const office = await Office.ready();
  await ok(office.api.PATCH("/v1/invitationPolicy", { body: { password: "PASSWORD_AND_SMS" } }));
  const { email, mobile } = office.contacts[0];
  const browser = new Browser(office.portalUrl);
  const { challenge } = await ok(create(browser, await mailed(office), "tin roof"));
  await ok(browser.verify(challenge!.challengeId, await codeTo(mobile)));
  const thief = new Browser(office.portalUrl);
  await ok(
    thief.api.POST("/v1/portal/password:forgot", { body: { organisationId: office.id, email } }),
  );
  const token = await resetToken(email, 1);
  await ok(thief.api.POST("/v1/portal/password:reset", { body: { token, password: "tin hats" } }));
  const by = { organisationId: office.id, email, password: "tin hats" };
  const started = await ok(enterBy(thief, by));
  assert.equal(started.session, undefined);
  await refused(thief.session(), 401, "CREDENTIAL_MISSING");
});

test("a second case is entered in the same session; both are switched between [X-6]", async () => {
  const office = await builder();
  const { email } = office.contacts[0];
  const browser = new Browser(office.portalUrl);
  await ok(create(browser, await mailed(office), good));
  const first = office.caseId;
  office.caseId = newId("build");
  await office.putCase();
  for (const label of ["Credit guide", "Privacy disclosure"]) await office.hold(label);
  const invitation = await ok(office.invite(0, { delivery: "LINK_ONLY" }));
  const token = tokenOf(invitation.link!);
  assert.equal((await ok(browser.open(token))).password, "PASSWORD_HERE");
  const { session } = await ok(enterBy(browser, { token, password: good }));
  assert.deepEqual([...session!.caseIds].sort(), [first, office.caseId].sort());
  for (const caseId of session!.caseIds) {
    await ok(browser.api.GET("/v1/portal/cases/{caseId}", { params: { path: { caseId } } }));
  }
  const again = new Browser(office.portalUrl);
  const both = await ok(enterBy(again, { organisationId: office.id, email, password: good }));
  assert.equal(both.session!.caseIds.length, 2);
});

test("a signed-in client changes the password, and stays signed in here alone", async () => {
  const office = await builder();
  const { email } = office.contacts[0];
  const here = new Browser(office.portalUrl),
    elsewhere = new Browser(office.portalUrl);
  await ok(create(here, await mailed(office), good));
  const by = { organisationId: office.id, email };
  await ok(enterBy(elsewhere, { ...by, password: good }));
  const change = (currentPassword: string, password: string) =>
    here.api.POST("/v1/portal/password:change", { body: { currentPassword, password } });
  await refused(change(other, other), 403, "CURRENT_PASSWORD_WRONG");
  await ok(here.session());
  await ok(change(good, other));
  await ok(here.session());
  await refused(elsewhere.session(), 401, "CREDENTIAL_INVALID");
  await ok(enterBy(elsewhere, { ...by, password: other }));
  assert.match((await mailNumber(email, 1)).text, /password .* was just changed/);
});

test("settings that contradict a password are refused by both names", async () => {
  const office = await builder();
  const change = (body: Schemas["Policy"]) => office.api.PATCH("/v1/invitationPolicy", { body });
  for (const [body, name] of [
    [{ emailCode: true }, /emailCode|email_code/],
    [{ sendCodeWithInvitation: true }, /sendCodeWithInvitation|send_code_with_invitation/],
  ] as const) {
    const problem = await refused(change(body), 400, "INVALID_REQUEST");
    const said = JSON.stringify(problem.violations);
    assert.match(said, name);
    assert.match(said, /password/);
  }
});

test("without a policy of passwords there is no such way in", async () => {
  const office = await Office.ready();
  const invitation = await ok(office.invite(0, { delivery: "LINK_ONLY" }));
  const token = tokenOf(invitation.link!);
  const browser = new Browser(office.portalUrl);
  assert.equal((await ok(browser.open(token))).password, "PASSWORD_UNASKED");
  await refused(create(browser, token, good), 400, "INVALID_REQUEST");
  await refused(enterBy(browser, { token, password: good }), 400, "INVALID_REQUEST");
  const by = { organisationId: office.id, email: office.contacts[0].email, password: good };
  await refused(enterBy(browser, by), 400, "INVALID_REQUEST");
  await refused(enterBy(browser, { ...by, organisationId: "unknown" }), 404, "NOT_FOUND");
  await refused(create(browser, "unknown-token", good), 404, "NOT_FOUND");
});
