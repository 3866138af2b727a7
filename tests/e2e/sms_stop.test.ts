// A client who wants no more SMS, and what becomes of those that were sent: as the provider calls
// back with it.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import {
  Browser,
  Office,
  codeTo,
  e164,
  eventually,
  newId,
  newMobile,
  ok,
  refused,
  textsTo,
  tokenOf,
  url,
} from "./harness.ts";

const token = process.env.GATEHOUSE_SMS_TOKEN;
const base = process.env.GATEHOUSE_SMS_CALLBACK_URL;
const account = process.env.GATEHOUSE_SMS_ACCOUNT;
const number = process.env.GATEHOUSE_SMS_FROM;
// What the provider knows, and `./dev env` does not tell.
const skip = !token || !base || !account || !number;

/** As the provider posts a form, and signs it. */
function callBack(form: Record<string, string>, query = "", by = token!) {
  const path = `/v1/smsCallbacks/${account}${query}`;
  const fields = Object.entries({ ...form, AccountSid: account! }).sort();
  const text = base + path + fields.map(([name, value]) => name + value).join("");
  return fetch(url + path, {
    method: "POST",
    headers: {
      "Content-Type": "application/x-www-form-urlencoded",
      "X-Twilio-Signature": createHmac("sha1", by).update(text).digest("base64"),
    },
    body: new URLSearchParams(fields),
  });
}
const say = (mobile: string, words: string, id = newId("SM")) =>
  callBack({ From: e164(mobile), To: number!, Body: words, MessageSid: id });

test("who answers STOP is sent no code, until START", { skip }, async () => {
  const office = await Office.ready();
  const mobile = office.contacts[0].mobile!;
  const { link } = await ok(office.invite(0, { delivery: "LINK_ONLY" }));
  const browser = new Browser(office.portalUrl);
  assert.equal((await say(mobile, "Stop")).status, 204);
  await refused(browser.start(tokenOf(link!)), 400, "SMS_STOPPED");
  const asked = { body: { mobile: e164(mobile) } };
  assert.equal((await ok(office.api.POST("/v1/smsStops:lookUp", asked))).stopped, true);
  assert.deepEqual(await textsTo(mobile), []);
  assert.equal((await say(mobile, "START")).status, 204);
  await ok(browser.start(tokenOf(link!)));
  await codeTo(mobile);
});

test("staff lift a STOP for their own organisation, in the audit trail", { skip }, async () => {
  const office = await Office.ready(),
    other = await Office.ready();
  const mobile = newMobile();
  for (const one of [office, other]) {
    one.contacts[0].mobile = mobile;
    await one.putCase();
  }
  await say(mobile, "STOP", `SM-of-${mobile}`);
  const asked = { body: { mobile: e164(mobile) } };
  assert.equal((await ok(office.api.POST("/v1/smsStops:lift", asked))).stopped, false);
  assert.equal((await ok(other.api.POST("/v1/smsStops:lookUp", asked))).stopped, true);
  await eventually(async () => {
    const { auditEvents } = await ok(office.api.GET("/v1/auditEvents"));
    return auditEvents.find(({ type }) => type === "smsStop.lifted");
  }, "the row of the trail");
  // The provider repeats itself: what it said before staff acted undoes nothing.
  await say(mobile, "STOP", `SM-of-${mobile}`);
  assert.equal((await ok(office.api.POST("/v1/smsStops:lookUp", asked))).stopped, false);
});

test("what the provider says of a message is shown with it [S1-14]", { skip }, async () => {
  const office = await Office.ready();
  await office.enter(0);
  const sent = async () => {
    const { messages } = await ok(office.api.GET("/v1/messages"));
    return messages.find(({ channel, state }) => channel === "SMS" && state === "SENT");
  };
  const { messageId } = (await eventually(sent, "the code is sent"))!;
  const query = `?organisationId=${office.id}&messageId=${messageId}`;
  const told = (MessageStatus: string, more = {}) =>
    callBack({ MessageSid: "SM1", MessageStatus, ...more }, query);
  assert.equal((await told("undelivered", { ErrorCode: "30003" })).status, 204);
  assert.equal((await sent())!.delivery, "UNDELIVERED");
  assert.equal((await sent())!.deliveryFailure, "30003");
  assert.equal((await told("delivered")).status, 204);
  assert.equal((await told("sent")).status, 204); // Late.
  assert.equal((await sent())!.delivery, "DELIVERED");
});

test("what the provider has not signed changes nothing", { skip }, async () => {
  const mobile = newMobile();
  const form = { From: e164(mobile), To: number!, Body: "STOP", MessageSid: newId("SM") };
  const forged = await callBack(form, "", "a guess");
  assert.equal(forged.status, 403);
  assert.equal(((await forged.json()) as { reason: string }).reason, "SMS_CALLBACK_FORGED");
  const office = await Office.open();
  const asked = { body: { mobile: e164(mobile) } };
  assert.equal((await ok(office.api.POST("/v1/smsStops:lookUp", asked))).stopped, false);
});

test("SMS go to the countries that an organisation allows", async () => {
  const office = await Office.ready();
  const { link } = await ok(office.invite(0, { delivery: "LINK_ONLY" }));
  await ok(office.api.PATCH("/v1/smsSettings", { body: { allowedCountries: ["NZ"] } }));
  const browser = new Browser(office.portalUrl);
  const problem = await refused(browser.start(tokenOf(link!)), 400, "SMS_COUNTRY_NOT_ALLOWED");
  assert.equal((problem as unknown as { country: string }).country, "AU");
  await ok(office.api.PATCH("/v1/smsSettings", { body: { allowedCountries: ["AU", "NZ"] } }));
  await ok(browser.start(tokenOf(link!)));
  const wrong = office.api.PATCH("/v1/smsSettings", { body: { allowedCountries: ["UK"] } });
  await refused(wrong, 400, "INVALID_REQUEST");
});

test("an organisation's own SMS account is tested, and costs no credits", { skip }, async () => {
  const office = await Office.open("AU", 0);
  for (const label of ["Credit guide", "Privacy disclosure"]) await office.hold(label);
  await refused(office.invite(0), 400, "INVITATION_NOT_ALLOWED");
  const own = "+61400000009";
  const body = { account: account!, token: token!, from: own };
  const tryOut = (mobile: string) =>
    office.api.POST("/v1/relays/{relayId}:test", {
      params: { path: { relayId: "sms" } },
      body: { recipient: e164(mobile) },
    });
  assert.equal((await ok(office.api.PUT("/v1/relays/sms", { body }))).active, false);
  const mine = newMobile();
  assert.equal((await ok(tryOut(mine))).active, true);
  assert.equal((await textsTo(mine))[0].from, own);
  await refused(tryOut(mine), 429, "RELAY_TESTED_JUST_NOW");
  await office.enter(0);
  const texts = await textsTo(office.contacts[0].mobile!);
  assert.equal(texts[0].from, own);
  const { balance } = await ok(office.api.GET("/v1/smsCredits"));
  assert.equal(Number(balance), 0);
  const { relays } = await ok(office.api.GET("/v1/relays"));
  assert.equal(relays.length, 1);
  assert.ok(!JSON.stringify(relays).includes(token!));
});

test("nothing holds codes back where nobody asked for any", async () => {
  const office = await Office.open();
  assert.deepEqual((await ok(office.api.GET("/v1/codeBreakers"))).codeBreakers, []);
  const reset = office.api.POST("/v1/codeBreakers/{codeBreakerId}:reset", {
    params: { path: { codeBreakerId: "brk_none" } },
    body: {},
  });
  await refused(reset, 404, "NOT_FOUND");
});
