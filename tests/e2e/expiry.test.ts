// What becomes of a link, an invitation and a code that nobody used in time.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import {
  Browser,
  Office,
  codeTo,
  eventually,
  linkIn,
  mailsTo,
  ok,
  refused,
  setting,
  tokenOf,
} from "./harness.ts";

const run = promisify(execFile);

/** Lets an invitation of seven days run out now: no call can, and none lives under five minutes. */
async function runOut(office: Office, invitationId: string, contactId: string) {
  const rows = {
    "invitation.invitation": `invitation_id = '${invitationId}'`,
    "invitation.link": `invitation_id = '${invitationId}'`,
    "cases.contact_portal": `contact_id = '${contactId}'`,
  };
  const past = "SET expire_time = expire_time - interval '7 days'";
  const updates = Object.entries(rows).map(
    ([table, which]) => `UPDATE ${table} ${past} WHERE ${which}`,
  );
  const text = [`SET gatehouse.organisation_id = '${office.id}'`, ...updates].join(";");
  await run("psql", ["-XAtqc", text, setting("GATEHOUSE_POSTGRES_URL")]);
}

test("an expired link leads nowhere until staff send a new one [CC-8]", async () => {
  const office = await Office.ready();
  const [{ contactId, email, mobile }] = office.contacts;
  const portal = async () => (await office.case()).contacts[0].portal;
  const { invitationId } = await ok(office.invite(0));
  const linkOf = async (number: number) =>
    linkIn((await eventually(async () => (await mailsTo(email))[number - 1], "the mail")).text);
  const link = await linkOf(1);
  await eventually(async () => (await portal()) === "INVITED" || undefined, "INVITED");
  await runOut(office, invitationId, contactId);

  const browser = new Browser();
  const opened = await ok(browser.open(tokenOf(link)));
  assert.deepEqual([opened.state, opened.maskedMobile, opened.methods], ["EXPIRED", "", []]);
  await refused(browser.start(tokenOf(link)), 400, "LINK_EXPIRED");
  assert.equal((await office.invitation(invitationId)).state, "EXPIRED");
  assert.equal(await portal(), "NOT_INVITED");
  await refused(office.createLink(invitationId), 400, "INVITATION_EXPIRED");

  assert.equal((await ok(office.resend(invitationId))).state, "PENDING");
  await eventually(async () => (await portal()) === "INVITED" || undefined, "INVITED");
  await browser.enter(tokenOf(await linkOf(2)), mobile);
  assert.equal((await ok(browser.open(tokenOf(link)))).state, "REVOKED");
});

test("an expired link that was handed out lives again when staff resend [CC-8]", async () => {
  const office = await Office.ready();
  const [{ contactId, email, mobile }] = office.contacts;
  const { invitationId, link } = await ok(office.invite(0, { delivery: "LINK_ONLY" }));
  await runOut(office, invitationId, contactId);
  await refused(new Browser().start(link!), 400, "LINK_EXPIRED");
  const again = await ok(office.resend(invitationId));
  assert.deepEqual([again.state, again.delivery], ["PENDING", "LINK_ONLY"]);
  await new Browser().enter(link!, mobile);
  assert.deepEqual(await mailsTo(email), []);
});

/** Lets five minutes of a code pass. */
async function forward(challengeId: string) {
  const { hostname, port, password } = new URL(setting("GATEHOUSE_REDIS_URL"));
  const earlier = ["HINCRBY", `gatehouse:challenge:${challengeId}`, "expire", "-300000"];
  await run("redis-cli", ["-e", "-h", hostname, "-p", port, ...earlier], {
    env: { ...process.env, REDISCLI_AUTH: decodeURIComponent(password) },
  });
}

test("a code ends after five minutes, and then another one is sent [EZ-30]", async () => {
  const office = await Office.ready();
  const { link } = await ok(office.invite(0, { delivery: "LINK_ONLY" }));
  const browser = new Browser();
  const { challengeId, expireTime } = await ok(browser.start(tokenOf(link!)));
  const life = Date.parse(expireTime!) - Date.now();
  assert.ok(life > 290_000 && life <= 300_000, `${life} ms`);
  const code = await codeTo(office.contacts[0].mobile);
  await forward(challengeId);
  await refused(browser.verify(challengeId, code), 400, "CHALLENGE_EXPIRED");
  await refused(browser.session(), 401, "CREDENTIAL_MISSING");
  await browser.enter(tokenOf(link!), office.contacts[0].mobile);
});
