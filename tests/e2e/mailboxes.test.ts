// Mail to an address that no mailbox is behind.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Office, contact, eventually, newId, ok } from "./harness.ts";

test("an address that is refused for good gets no more mail until staff revive it", async () => {
  const office = await Office.ready();
  const email = `nobody-${newId("client")}@example.com`;
  office.contacts = [contact("PRIMARY_APPLICANT", { email }), ...office.contacts.slice(1)];
  await office.putCase();
  const asked = { body: { email: email.toUpperCase() } };
  const dead = async () => (await ok(office.api.POST("/v1/mailboxes:lookUp", asked))).dead;
  /** What becomes of the mails to it, the newest first. */
  const failed = (count: number) =>
    eventually(async () => {
      const { messages } = await ok(office.api.GET("/v1/messages"));
      const failures = messages.filter(({ state }) => state === "FAILED");
      return failures.length === count ? failures : undefined;
    }, `${count} mails that failed`);
  assert.equal(await dead(), false);
  const { invitationId } = await ok(office.invite(0));
  const [first] = await failed(1);
  assert.equal(first.failure, "RECIPIENT_REFUSED");
  assert.match(first.advice, /correct it at the contact/);
  assert.equal(await dead(), true);
  await ok(office.resend(invitationId));
  const [second] = await failed(2);
  assert.equal(second.failure, "MAILBOX_DEAD");
  assert.match(second.advice, /revive the mailbox/);

  const revived = await ok(office.api.POST("/v1/mailboxes:revive", asked));
  assert.deepEqual(revived, { dead: false });
  await eventually(async () => {
    const { auditEvents } = await ok(office.api.GET("/v1/auditEvents"));
    return auditEvents.find(({ type }) => type === "mailbox.revived");
  }, "the row of the trail");
  await ok(office.resend(invitationId));
  const [third] = await failed(3);
  assert.equal(third.failure, "RECIPIENT_REFUSED"); // Its server was asked again.

  const other = await Office.open();
  assert.equal((await ok(other.api.POST("/v1/mailboxes:lookUp", asked))).dead, false);
});
