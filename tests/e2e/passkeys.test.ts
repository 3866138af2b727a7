// Passkeys, with a real browser and what it has in the place of a device.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Chromium } from "./chromium.ts";
import {
  Browser,
  Office,
  eventually,
  mailsTo,
  newId,
  ok,
  refused,
  textsTo,
  tokenOf,
  type Schemas,
} from "./harness.ts";

let chromium: Chromium;
before(async () => {
  chromium = await Chromium.open();
});
after(() => chromium.close());

/** An office whose first portal is the page that the browser shows. */
async function atThisPage(
  passkeys: Schemas["PasskeyUse"],
  more: Schemas["Policy"] = {},
  otherPortals: string[] = [],
) {
  const office = await Office.ready("AU", chromium.origin);
  const portalUrls = [chromium.origin, ...otherPortals];
  if (portalUrls.length > 1)
    await ok(office.api.PATCH("/v1/organisation", { body: { portalUrls } }));
  await ok(office.api.PATCH("/v1/invitationPolicy", { body: { passkeys, ...more } }));
  return office;
}
const begin = (browser: Browser, portalUrl?: string) =>
  browser.api.POST("/v1/portal/passkeys:begin", { body: { portalUrl } });
const list = async (browser: Browser) =>
  (await ok(browser.api.GET("/v1/portal/passkeys"))).passkeys;
const start = (browser: Browser, body: Schemas["StartPasskeySignInRequest"]) =>
  browser.api.POST("/v1/portal/signIn:startPasskey", { body });

/** What the page sends once its browser has made a passkey. */
async function make(browser: Browser, displayName: string) {
  const { challengeId, options } = await ok(begin(browser));
  const { response } = await chromium.create(options);
  return {
    challengeId,
    displayName,
    clientDataJson: response.clientDataJSON as string,
    attestationObject: response.attestationObject as string,
  };
}
const add = async (browser: Browser, displayName: string) =>
  ok(browser.api.POST("/v1/portal/passkeys", { body: await make(browser, displayName) }));

/** What the page sends once its browser has signed. */
async function sign({ challengeId, options }: Schemas["PasskeyChallenge"]) {
  const { id, response } = await chromium.get(options);
  return {
    challengeId,
    credentialId: id as string,
    clientDataJson: response.clientDataJSON as string,
    authenticatorData: response.authenticatorData as string,
    signature: response.signature as string,
    userHandle: (response.userHandle ?? "") as string,
  };
}
const verify = (browser: Browser, body: Schemas["VerifyPasskeySignInRequest"]) =>
  browser.api.POST("/v1/portal/signIn:verifyPasskey", { body });

const mailOf = (email: string, subject: RegExp) =>
  eventually(
    async () => (await mailsTo(email)).find((mail) => subject.test(mail.subject)),
    `a mail about ${subject}`,
  );

/** With a device of the client's at hand, which is gone afterwards. */
function withDevice(name: string, does: () => Promise<void>) {
  test(name, async () => {
    const device = await chromium.authenticator();
    try {
      await does();
    } finally {
      await chromium.removeAuthenticator(device);
    }
  });
}

withDevice("a client makes a passkey, and enters by her link with it, or by it alone", async () => {
  const office = await atThisPage("PASSKEY_ALONE");
  const { email, mobile } = office.contacts[0];
  const { browser, invitation } = await office.enter(0);
  assert.deepEqual(await list(browser), []);
  const made = await add(browser, "My laptop");
  assert.equal(made.host, "localhost");
  assert.deepEqual(
    (await list(browser)).map(({ displayName }) => displayName),
    ["My laptop"],
  );
  await mailOf(email, /^A passkey .* was added$/);
  const told = await eventually(async () => (await textsTo(mobile))[1], "the SMS");
  assert.match(told.body, /a passkey was added/);

  const token = tokenOf(invitation.link!);
  const abroad = new Browser(office.portalUrl);
  const opened = await ok(abroad.open(token));
  assert.deepEqual(opened.methods, ["SMS_CODE", "PASSKEY"]);
  const proof = await sign(await ok(start(abroad, { token })));
  const { session } = await ok(verify(abroad, proof));
  assert.deepEqual(session.caseIds, [office.caseId]);
  await ok(abroad.session());
  await refused(verify(abroad, proof), 400, "CHALLENGE_EXPIRED"); // It has served.

  const alone = new Browser(office.portalUrl);
  const here = { organisationId: office.id, portalUrl: office.portalUrl };
  const again = await ok(verify(alone, await sign(await ok(start(alone, here)))));
  assert.deepEqual(again.session.caseIds, [office.caseId]);
  assert.equal((await textsTo(mobile)).length, 2); // No code was sent for either.
});

withDevice("what was signed for one sign-in is nothing to another", async () => {
  const office = await atThisPage("PASSKEY_ALONE");
  const { browser } = await office.enter(0);
  await add(browser, "Phone");
  const stranger = new Browser(office.portalUrl);
  const here = { organisationId: office.id };
  const proof = await sign(await ok(start(stranger, here)));
  const { challengeId } = await ok(start(stranger, here));
  const replayed = { ...proof, challengeId };
  await refused(verify(stranger, replayed), 403, "PASSKEY_CHALLENGE_WRONG");
  const { signature } = await sign(await ok(start(stranger, here)));
  await refused(verify(stranger, { ...proof, signature }), 401, "PASSKEY_WRONG");
  const broken = { ...(await sign(await ok(start(stranger, here)))), signature: "?" };
  await refused(verify(stranger, broken), 400, "PASSKEY_MALFORMED");
  await refused(stranger.session(), 401, "CREDENTIAL_MISSING");
});

withDevice("a passkey takes the place of the code after a password", async () => {
  const office = await atThisPage("PASSKEY_FOR_CODE", { password: "PASSWORD_AND_SMS" });
  const { email, mobile } = office.contacts[0];
  const invitation = await ok(office.invite(0, { delivery: "LINK_ONLY" }));
  const token = tokenOf(invitation.link!);
  const password = "tin roof pebble";
  const browser = new Browser(office.portalUrl);
  const created = await ok(
    browser.api.POST("/v1/portal/password:create", { body: { token, password } }),
  );
  const code = await eventually(
    async () => (await textsTo(mobile))[0]?.body.match(/\d{6}/)?.[0],
    "the code",
  );
  await ok(browser.verify(created.challenge!.challengeId, code));
  const withPassword = (page: Browser) =>
    page.api.POST("/v1/portal/signIn:password", {
      body: { organisationId: office.id, email, password, withPasskey: true },
    });
  await add(browser, "Phone");
  await eventually(async () => (await textsTo(mobile))[1], "the SMS that tells of it");
  const later = new Browser(office.portalUrl);
  const { passkey, session: none } = await ok(withPassword(later));
  assert.equal(none, undefined);
  const { session } = await ok(verify(later, await sign(passkey!)));
  assert.deepEqual(session.caseIds, [office.caseId]);
  assert.equal((await textsTo(mobile)).length, 2);
  // By itself it is not enough here.
  await refused(start(later, { organisationId: office.id }), 400, "PASSKEYS_NOT_ALLOWED");
  await refused(start(later, { token }), 400, "PASSKEYS_NOT_ALLOWED");
});

withDevice("a passkey belongs to one of an office's hosts [HB-14]", async () => {
  const abroad = `https://${newId("portal")}.example.nz`;
  const office = await atThisPage("PASSKEY_ALONE", {}, [abroad]);
  const { browser } = await office.enter(0);
  await add(browser, "Phone");
  const there = await ok(start(browser, { organisationId: office.id, portalUrl: abroad }));
  assert.equal(there.options.rpId, new URL(abroad).host);
  await assert.rejects(chromium.get(there.options), /SecurityError/);
  // A page that makes its browser sign for the own host is none of the other portal.
  const { options } = await ok(start(browser, { organisationId: office.id }));
  const own = { ...there, options: { ...options, challenge: there.options.challenge } };
  await refused(verify(browser, await sign(own)), 401, "PASSKEY_UNKNOWN");
  const nowhere = { organisationId: office.id, portalUrl: "https://evil.example" };
  await refused(start(browser, nowhere), 400, "INVALID_REQUEST");
});

withDevice("a client names her passkeys, and takes one away", async () => {
  const office = await atThisPage("PASSKEY_ALONE");
  const { email } = office.contacts[0];
  const { browser } = await office.enter(0);
  const { passkeyId } = await add(browser, "Laptop");
  await assert.rejects(add(browser, "Laptop again"), /InvalidStateError/); // The device has one.
  const path = { params: { path: { passkeyId } } };
  const renamed = await ok(
    browser.api.PATCH("/v1/portal/passkeys/{passkeyId}", {
      ...path,
      body: { displayName: "Old laptop" },
    }),
  );
  assert.equal(renamed.displayName, "Old laptop");
  const elsewhere = new Browser(office.portalUrl);
  const here = { organisationId: office.id };
  await ok(verify(elsewhere, await sign(await ok(start(elsewhere, here)))));
  await ok(browser.api.DELETE("/v1/portal/passkeys/{passkeyId}", path));
  await mailOf(email, /^A passkey .* was removed$/);
  await refused(elsewhere.session(), 401, "CREDENTIAL_INVALID");
  await ok(browser.session());
  await refused(browser.api.DELETE("/v1/portal/passkeys/{passkeyId}", path), 404, "NOT_FOUND");
  const proof = await sign(await ok(start(elsewhere, here)));
  await refused(verify(elsewhere, proof), 401, "PASSKEY_UNKNOWN");
  const { auditEvents } = await ok(office.api.GET("/v1/auditEvents"));
  for (const type of ["passkey.added", "passkey.removed"]) {
    assert.ok(auditEvents.some((event) => event.type === type));
  }
});

withDevice("staff's reset takes a passkey, and the policy may know none", async () => {
  const office = await atThisPage("PASSKEY_ALONE");
  const { browser, invitation } = await office.enter(0);
  await add(browser, "Phone");
  const proof = await sign(await ok(start(browser, { organisationId: office.id })));
  await ok(
    office.api.POST("/v1/cases/{caseId}/invitations/{invitationId}:resetFactors", {
      ...office.about(invitation.invitationId),
      body: {},
    }),
  );
  await refused(verify(new Browser(office.portalUrl), proof), 401, "PASSKEY_UNKNOWN");
  const { mobile } = office.contacts[0];
  await eventually(async () => (await textsTo(mobile))[2], "the SMS of the passkey and the reset");
  await ok(office.api.PATCH("/v1/invitationPolicy", { body: { passkeys: "NO_PASSKEYS" } }));
  await refused(
    start(new Browser(office.portalUrl), { organisationId: office.id }),
    400,
    "PASSKEYS_NOT_ALLOWED",
  );
  const { link } = await ok(office.createLink(invitation.invitationId));
  const again = new Browser(office.portalUrl);
  await again.enter(tokenOf(link), mobile);
  await refused(begin(again), 400, "PASSKEYS_NOT_ALLOWED");
});

test("a passkey in the place of a code that nobody is sent is refused by both names", async () => {
  const office = await Office.ready();
  const problem = await refused(
    office.api.PATCH("/v1/invitationPolicy", {
      body: { passkeys: "PASSKEY_FOR_CODE", password: "PASSWORD_ALONE" },
    }),
    400,
    "INVALID_REQUEST",
  );
  assert.match(JSON.stringify(problem.violations), /passkeys.*password/);
});
