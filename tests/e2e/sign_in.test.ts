// How a client enters, and how nobody else does.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Browser,
  Office,
  codeTo,
  e164,
  eventually,
  fault,
  linkIn,
  mailsTo,
  newEmail,
  newId,
  ok,
  refused,
  textsTo,
  tokenOf,
  upload,
  pdf,
  url,
} from "./harness.ts";

async function invited(ofOffice?: Office) {
  const office = ofOffice ?? (await Office.ready());
  const invitation = await ok(office.invite(0, { delivery: "LINK_ONLY" }));
  return {
    office,
    invitation,
    token: tokenOf(invitation.link!),
    mobile: office.contacts[0].mobile,
  };
}
const wrong = (code: string) => (code === "000000" ? "000001" : "000000");

test("an unknown link is not found, and opening one changes nothing", async () => {
  const { token, office } = await invited();
  await refused(new Browser().open("A".repeat(43)), 404, "NOT_FOUND");
  await refused(new Browser().start("A".repeat(43)), 404, "NOT_FOUND");
  for (let i = 0; i < 3; ++i) assert.equal((await ok(new Browser().open(token))).state, "ACTIVE");
  assert.equal((await textsTo(office.contacts[0].mobile)).length, 0);
});

test("five tries, counted before they are compared, even at once", async () => {
  const { token, mobile } = await invited();
  const browser = new Browser();
  const { challengeId } = await ok(browser.start(token));
  const code = await codeTo(mobile);
  const first = await refused(browser.verify(challengeId, wrong(code)), 401, "CODE_WRONG");
  assert.equal((first as { attemptsLeft?: number }).attemptsLeft, 4);
  const guesses = await Promise.all(
    Array.from({ length: 200 }, () => browser.verify(challengeId, wrong(code))),
  );
  const reasons = guesses.map((g) => (g.error as { reason?: string }).reason);
  assert.equal(reasons.filter((reason) => reason === "CODE_WRONG").length, 4);
  assert.equal(reasons.filter((reason) => reason === "CHALLENGE_LOCKED").length, 196);
  await refused(browser.verify(challengeId, "12345"), 400, "CODE_MALFORMED");
  const locked = browser.verify(challengeId, code);
  await refused(locked, 429, "CHALLENGE_LOCKED");
  assert.equal((await locked).response.headers.get("retry-after"), null);
});

test("a second start within the cool-down sends nothing, and so does a resend", async () => {
  const { token, mobile } = await invited();
  const browser = new Browser();
  const first = await ok(browser.start(token));
  const second = await ok(browser.start(token));
  assert.equal(second.challengeId, first.challengeId);
  const third = await ok(
    browser.api.POST("/v1/portal/signIn:resend", {
      body: { challengeId: first.challengeId },
    }),
  );
  assert.equal(third.resendTime, first.resendTime);
  await codeTo(mobile);
  assert.equal((await textsTo(mobile)).length, 1);
});

test("the first code goes out with the mail, where the policy says so [S1-3]", async () => {
  const office = await Office.ready();
  const { sendCodeWithInvitation, emailCodeToOwner } = await office.policy();
  assert.deepEqual([sendCodeWithInvitation, emailCodeToOwner], [false, false]);
  await ok(office.api.PATCH("/v1/invitationPolicy", { body: { sendCodeWithInvitation: true } }));
  const { email, mobile } = office.contacts[0];
  const invitation = await ok(office.invite());
  const code = await codeTo(mobile);
  const mail = await eventually(async () => (await mailsTo(email))[0], "the mail");
  const browser = new Browser();
  const { challengeId } = await ok(browser.start(tokenOf(linkIn(mail.text))));
  await ok(browser.verify(challengeId, code));
  assert.equal((await textsTo(mobile)).length, 1);
  assert.equal((await office.invitation(invitation.invitationId)).state, "ACCEPTED");
});

test("the case's owner is mailed each code, where the policy says so [S1-5]", async () => {
  const office = await Office.ready();
  office.owner.email = newEmail();
  await office.putCase();
  const { token, mobile } = await invited(office);
  await ok(new Browser().start(token));
  await codeTo(mobile);
  assert.equal((await mailsTo(office.owner.email)).length, 0);
  await ok(office.api.PATCH("/v1/invitationPolicy", { body: { emailCodeToOwner: true } }));
  const other = await ok(office.invite(1, { delivery: "LINK_ONLY" }));
  await ok(new Browser().start(tokenOf(other.link!)));
  const code = await codeTo(office.contacts[1].mobile);
  const mail = await eventually(async () => (await mailsTo(office.owner.email))[0], "the mail");
  assert.equal(mail.subject, "A code was sent to Bob Babbage");
  assert.match(mail.text, new RegExp(`\\b${code}\\b`));
  const { messages } = await ok(office.api.GET("/v1/messages"));
  assert.deepEqual(messages.map((message) => message.template).sort(), [
    "sign-in-code",
    "sign-in-code",
    "sign-in-code-for-owner",
  ]);
});

test("the right code twice is one session, by another page none [EZ-31]", async () => {
  const { token, mobile } = await invited();
  const browser = new Browser();
  const { challengeId } = await ok(browser.start(token));
  const code = await codeTo(mobile);
  const twice = await Promise.all([1, 2].map(() => ok(browser.verify(challengeId, code))));
  assert.equal(twice[0].session!.sessionId, twice[1].session!.sessionId);
  // Another page of the same browser at the same address, and one that makes no nonce.
  await refused(new Browser().verify(challengeId, code), 400, "CHALLENGE_EXPIRED");
  const bare = browser.api.POST("/v1/portal/signIn:verify", { body: { challengeId, code } });
  await refused(bare, 400, "CHALLENGE_EXPIRED");
});

test("devices are listed and signed out, one by one", async () => {
  const { token, mobile, office, invitation } = await invited();
  const laptop = new Browser(undefined, "Laptop/1");
  const session = await laptop.enter(token, mobile);
  const other = await ok(
    office.api.POST("/v1/cases/{caseId}/invitations/{invitationId}:createLink", {
      ...office.about(invitation.invitationId),
      body: {},
    }),
  );
  const phone = new Browser(undefined, "Phone/1");
  await phone.enter(tokenOf(other.link), mobile);
  const { sessions } = await ok(phone.api.GET("/v1/portal/sessions"));
  assert.deepEqual(
    sessions.map((s) => [s.userAgent, s.current]),
    [
      ["Phone/1", true],
      ["Laptop/1", false],
    ],
  );
  await ok(
    phone.api.DELETE("/v1/portal/sessions/{sessionId}", {
      params: { path: { sessionId: session.sessionId } },
    }),
  );
  await refused(laptop.session(), 401, "CREDENTIAL_INVALID");
  await ok(phone.api.DELETE("/v1/portal/session"));
  assert.equal(phone.cookie, "");
  await refused(phone.session(), 401, "CREDENTIAL_MISSING");
});

test("another case is added to the browser's session by its own link and code", async () => {
  const office = await Office.ready();
  const { browser } = await office.enter(0);
  const first = office.caseId;
  office.caseId = newId("deal");
  await office.putCase();
  for (const label of (await office.policy()).requiredLabels!) await office.hold(label);
  const { link, invitationId } = await ok(office.invite(0, { delivery: "LINK_ONLY" }));
  const entered = await browser.enter(tokenOf(link!), office.contacts[0].mobile);
  assert.deepEqual(entered.caseIds!.sort(), [first, office.caseId].sort());
  const { cases } = await ok(browser.api.GET("/v1/portal/cases"));
  assert.deepEqual(cases.map((c) => c.caseId).sort(), [first, office.caseId].sort());
  // Each grant ends on its own.
  await ok(
    office.api.POST("/v1/cases/{caseId}/invitations/{invitationId}:revoke", {
      ...office.about(invitationId),
      body: {},
    }),
  );
  assert.deepEqual((await ok(browser.session())).caseIds, [first]);
});

test("a page of another origin cannot act, and one of the organisation's can read", async () => {
  const office = await Office.ready();
  const { browser } = await office.enter(0);
  // The session of another page is none of this one, and even the cookie that all pages may have
  // does not let it act.
  const origin = "https://evil.example";
  const signOutWith = (Cookie: string) =>
    fetch(`${url}/v1/portal/session`, { method: "DELETE", headers: { Cookie, Origin: origin } });
  assert.equal((await signOutWith(browser.cookie)).status, 401);
  const plain = `gatehouse=${browser.cookie.split("=")[1]}`;
  const evil = { Cookie: plain, Origin: origin };
  const signOut = await signOutWith(plain);
  assert.equal(signOut.status, 403);
  assert.equal(((await signOut.json()) as { reason: string }).reason, "ORIGIN_NOT_ALLOWED");
  const read = await fetch(`${url}/v1/portal/session`, { headers: evil });
  assert.equal(read.headers.get("access-control-allow-origin"), null);
  const form = await fetch(`${url}/v1/portal/links:open`, {
    method: "POST",
    body: '{"token":"x"}',
    headers: { "Content-Type": "text/plain" },
  });
  assert.equal(form.status, 415);
  const preflight = await fetch(`${url}/v1/portal/session`, {
    method: "OPTIONS",
    headers: { Origin: office.portalUrl, "Access-Control-Request-Method": "DELETE" },
  });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get("access-control-allow-origin"), office.portalUrl);
  assert.equal(
    (await browser.session()).response.headers.get("access-control-allow-origin"),
    office.portalUrl,
  );
});

test("each office has its own host, and its pages act for its clients only [HB-14]", async () => {
  const name = newId("builder");
  const regions = { AU: `${name}.com.au`, NZ: `${name}.co.nz`, US: `${name}.com` };
  const entered = await Promise.all(
    Object.entries(regions).map(async ([region, host]) => {
      const office = await Office.ready(region, `https://customer.${host}`);
      const mobile = office.contacts[0].mobile;
      office.contacts[0].mobile = e164(mobile);
      await office.putCase();
      const { link } = await ok(office.invite(0, { delivery: "LINK_ONLY" }));
      assert.ok(link!.startsWith(`https://customer.${host}/i#`));
      const browser = new Browser(office.portalUrl);
      await browser.enter(tokenOf(link!), mobile);
      const [text] = await textsTo(mobile);
      assert.match(text.body.split("\n").at(-1)!, new RegExp(`^@customer\\.${host} #\\d{6}$`));
      return browser;
    }),
  );
  for (const [index, { cookie }] of entered.entries()) {
    const elsewhere = new Browser(entered[(index + 1) % entered.length].origin);
    elsewhere.cookie = cookie; // Which is that page's own.
    await refused(elsewhere.api.DELETE("/v1/portal/session"), 401, "CREDENTIAL_MISSING");
    elsewhere.cookie = `gatehouse=${cookie.split("=")[1]}`; // As one that all pages may have.
    await refused(elsewhere.api.DELETE("/v1/portal/session"), 403, "ORIGIN_NOT_ALLOWED");
    await ok(entered[index].api.DELETE("/v1/portal/session"));
  }
});

test("a session opens its own case and nothing else, and no staff route", async () => {
  const office = await Office.ready();
  const other = await Office.ready();
  const { browser } = await office.enter(0);
  for (const caseId of [other.caseId, "unknown"]) {
    await refused(
      browser.api.GET("/v1/portal/cases/{caseId}", { params: { path: { caseId } } }),
      404,
      "NOT_FOUND",
    );
    const sent = await upload(
      `/v1/portal/cases/${caseId}/documents?filename=a.pdf`,
      pdf(),
      browser.headers(),
    );
    assert.equal(sent.response.status, 404);
  }
  const { cases } = await ok(browser.api.GET("/v1/portal/cases"));
  assert.deepEqual(
    cases.map((c) => c.caseId),
    [office.caseId],
  );
  const staff = await fetch(`${url}/v1/cases`, { headers: { Cookie: browser.cookie } });
  assert.equal(staff.status, 401);
});

test("revoking while the code is being verified leaves nobody inside", async () => {
  const office = await Office.ready();
  for (const index of [0, 1, 2]) {
    const invitation = await ok(office.invite(index, { delivery: "LINK_ONLY" }));
    const browser = new Browser();
    const { challengeId } = await ok(browser.start(tokenOf(invitation.link!)));
    const code = await codeTo(office.contacts[index].mobile);
    const revoke = office.api.POST("/v1/cases/{caseId}/invitations/{invitationId}:revoke", {
      ...office.about(invitation.invitationId),
      body: {},
    });
    await Promise.all([browser.verify(challengeId, code), ok(revoke)]);
    assert.equal((await browser.session()).response.status, 401);
  }
});

test("an SMS whose answer was lost is not sent twice", async () => {
  const { token, mobile, office } = await invited();
  const before = Number((await ok(office.api.GET("/v1/smsCredits"))).balance);
  // The provider takes some SMS of this run without answering: this one, or a neighbour's.
  await fault({ sms: "lose-answer", count: 1 });
  await new Browser().enter(token, mobile);
  await eventually(async () => {
    const { messages } = await ok(office.api.GET("/v1/messages"));
    return messages.every((m) => m.state === "SENT") || undefined;
  }, "everything being sent");
  assert.equal((await textsTo(mobile)).length, 1);
  assert.equal(Number((await ok(office.api.GET("/v1/smsCredits"))).balance), before - 1);
});
