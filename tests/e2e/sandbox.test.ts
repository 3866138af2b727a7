// A sandbox, for those who build a page or review an app: all works, and nothing leaves the house.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Browser,
  Office,
  client,
  e164,
  eventually,
  linkIn,
  mailsTo,
  newId,
  newMobile,
  ok,
  operatorKey,
  refused,
  textsTo,
  tokenOf,
} from "./harness.ts";

const create = (organisationId: string, portalUrl: string, sandbox?: boolean) =>
  client(operatorKey).POST("/v1/organisations", {
    body: {
      organisationId,
      displayName: "Harbour Home Loans",
      region: "AU",
      timeZone: "Australia/Sydney",
      portalUrl,
      sandbox,
    },
  });

/** A sandbox with a case whose first contact may be invited. */
async function sandbox(mobile = newMobile()) {
  const office = new Office();
  Object.assign(office, { id: newId("sandbox") });
  office.portalUrl = `https://${office.id}.example`;
  const { apiKey, organisation } = await ok(create(office.id, office.portalUrl, true));
  assert.equal(organisation.sandbox, true);
  office.key = apiKey;
  office.api = client(apiKey);
  const purchase = { credits: 20, reference: newId("invoice") };
  await ok(office.api.POST("/v1/smsCredits:purchase", { body: purchase }));
  office.contacts[0].mobile = mobile;
  await office.putCase();
  for (const label of ["Credit guide", "Privacy disclosure"]) await office.hold(label);
  return office;
}
const inbox = async (office: Office, recipient: string) =>
  (await ok(office.api.GET("/v1/sandbox/messages", { params: { query: { recipient } } }))).messages;
const mailed = (office: Office) =>
  eventually(async () => (await inbox(office, office.contacts[0].email))[0], "the mail");

test("a sandbox's client enters by the code that everybody knows; nothing leaves", async () => {
  const office = await sandbox();
  const { email, mobile } = office.contacts[0];
  await ok(office.invite(0));
  const mail = await mailed(office);
  assert.equal(mail.channel, "EMAIL");
  assert.match(mail.subject, /Harbour Home Loans/);
  const browser = new Browser(office.portalUrl);
  const { challengeId } = await ok(browser.start(tokenOf(linkIn(mail.body))));
  const text = await eventually(async () => (await inbox(office, e164(mobile)))[0], "the SMS");
  assert.match(text.body, /000000/);
  await refused(browser.verify(challengeId, "123456"), 401, "CODE_WRONG");
  await ok(browser.verify(challengeId, "000000"));
  await ok(browser.session());
  assert.deepEqual([await mailsTo(email), await textsTo(mobile)], [[], []]);
  // Staff see it as they would see it anywhere.
  await eventually(async () => {
    const { messages } = await ok(office.api.GET("/v1/messages"));
    return (messages.length >= 2 && messages.every(({ state }) => state === "SENT")) || undefined;
  }, "that all is sent");
});

test("in a sandbox a recipient says what becomes of a message", async () => {
  const office = await sandbox("0412340003");
  office.contacts[1].email = "refused@example.com";
  await office.putCase();
  await ok(office.invite(0));
  const browser = new Browser(office.portalUrl);
  const { challengeId } = await ok(browser.start(tokenOf(linkIn((await mailed(office)).body))));
  await refused(browser.verify(challengeId, "000000"), 401, "CODE_WRONG");
  await ok(office.invite(1));
  const failed = await eventually(
    async () =>
      (await ok(office.api.GET("/v1/messages"))).messages.find(({ state }) => state === "FAILED"),
    "the refusal",
  );
  assert.equal(failed.failure, "RECIPIENT_REFUSED");
});

test("no other organisation is one, nor has a code that is known", async () => {
  const portal = "https://portal.example";
  await refused(create(newId("sandbox"), portal), 400, "INVALID_REQUEST");
  await refused(create(newId("office"), portal, true), 400, "INVALID_REQUEST");
  const office = await Office.ready();
  office.contacts[0].mobile = "0412340001"; // Which means nothing here.
  await office.putCase();
  const { link } = await ok(office.invite(0, { delivery: "LINK_ONLY" }));
  const browser = new Browser(office.portalUrl);
  const { challengeId } = await ok(browser.start(tokenOf(link!)));
  await refused(browser.verify(challengeId, "000000"), 401, "CODE_WRONG");
  assert.deepEqual(await inbox(office, ""), []);
});
