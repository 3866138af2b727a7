// What staff and clients write to one another about a case.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser, Office, eventually, mailsTo, newEmail, newId, ok, refused } from "./harness.ts";

const path = "/v1/cases/{caseId}/conversation" as const;
const portalPath = "/v1/portal/cases/{caseId}/conversation" as const;

const write = (office: Office, text: string, contactIds: string[] = []) =>
  office.api.POST(path, {
    ...office.aboutCase(),
    body: { text, contactIds, subject: "", templateId: "", requestId: newId("message") },
  });
const read = async (office: Office) =>
  (await ok(office.api.GET(path, office.aboutCase()))).messages;
const seenBy = async (browser: Browser, office: Office) =>
  (await ok(browser.api.GET(portalPath, office.aboutCase()))).messages;
const reply = (browser: Browser, office: Office, text: string) =>
  browser.api.POST(portalPath, {
    ...office.aboutCase(),
    body: { text, requestId: newId("reply") },
  });
const mailTo = (address: string, subject: RegExp) =>
  eventually(
    async () => (await mailsTo(address)).find((mail) => subject.test(mail.subject)),
    `a mail to ${address}`,
  );

async function entered() {
  const office = await Office.ready();
  office.owner = { ...office.owner, email: newEmail() };
  await office.putCase();
  const ada = await office.enter(0, { visibility: "OWN" });
  const bob = await office.enter(1, { visibility: "OWN" });
  return { office, ada: ada.browser, bob: bob.browser };
}

test("staff write to a contact, who reads it in the portal and by e-mail [S1-1]", async () => {
  const { office, ada, bob } = await entered();
  const [contact] = office.contacts;
  const sent = await ok(write(office, "Dear {{contact_name}}, it is done.", [contact.contactId]));
  assert.equal(sent.text, "Dear Ada Lovelace, it is done.");
  assert.deepEqual(
    (await seenBy(ada, office)).map((message) => message.text),
    ["Dear Ada Lovelace, it is done."],
  );
  assert.deepEqual(await seenBy(bob, office), []);
  const mail = await mailTo(contact.email!, /Harbour Home Loans/);
  assert.match(mail.text, /Dear Ada Lovelace, it is done\./);
});

test("staff write to all who were invited, and see who read it when [S1-1]", async () => {
  const { office, ada, bob } = await entered();
  const { messageId } = await ok(write(office, "News for all."));
  assert.equal((await seenBy(bob, office)).length, 1);
  await ok(
    ada.api.POST("/v1/portal/cases/{caseId}/conversation:markRead", {
      ...office.aboutCase(),
      body: { messageId },
    }),
  );
  const [message] = await read(office);
  assert.deepEqual(
    message.recipients.map((recipient) => recipient.contactId).sort(),
    [office.contacts[0].contactId, office.contacts[1].contactId].sort(),
  );
  assert.deepEqual(
    message.reads.map((one) => one.contactId),
    [office.contacts[0].contactId],
  );
  assert.ok(message.reads[0].readTime);
});

test("a client answers from the portal, and the owner is told [S1-1] [X-8]", async () => {
  const { office, ada, bob } = await entered();
  await ok(reply(ada, office, "When do you come?"));
  const [message] = await read(office);
  assert.deepEqual(
    [message.contactId, message.text],
    [office.contacts[0].contactId, "When do you come?"],
  );
  assert.deepEqual(await seenBy(bob, office), []);
  await mailTo(office.owner.email, /Ada Lovelace wrote to you/);
  const before = (await seenBy(ada, office))[0];
  assert.equal(before.readTime, undefined);
  await ok(
    office.api.POST("/v1/cases/{caseId}/conversation:markRead", {
      ...office.aboutCase(),
      body: { messageId: message.messageId },
    }),
  );
  assert.ok((await seenBy(ada, office))[0].readTime);
});

test("who was not invited is not written to, and a text's tags must be known", async () => {
  const { office } = await entered();
  const [, , carol] = office.contacts;
  await refused(write(office, "Hello", [carol.contactId]), 400, "CONTACT_NOT_INVITED");
  await refused(write(office, "Hello", ["nobody"]), 404, "NOT_FOUND");
  await refused(write(office, "Your {{code}}"), 400, "UNKNOWN_TAG");
  assert.deepEqual(await read(office), []);
});
