// Invitations follow the mirror: who leaves a case, who is reached otherwise, what is deleted.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Browser,
  Office,
  codeTo,
  eventually,
  mailsTo,
  newMobile,
  ok,
  refused,
  textsTo,
  tokenOf,
  url,
} from "./harness.ts";

type Event = Awaited<ReturnType<Office["events"]>>["events"][number];
const eventsOf = async <Type extends Event["type"]>(office: Office, type: Type) =>
  (await office.events()).events.filter(
    (event): event is Extract<Event, { type: Type }> => event.type === type,
  );
const happens = <Type extends Event["type"]>(office: Office, type: Type) =>
  eventually(async () => (await eventsOf(office, type))[0], type);

test("a contact that leaves the case is out at once, and is invited anew", async () => {
  const office = await Office.ready();
  const { invitation, browser } = await office.enter(1);
  const other = await office.enter(0);
  await office.putCase(office.contacts.filter((_, index) => index !== 1));
  await refused(browser.session(), 401, "CREDENTIAL_INVALID");
  await ok(other.browser.session());
  assert.equal((await office.invitation(invitation.invitationId)).state, "REVOKED");
  assert.equal((await ok(new Browser().open(invitation.link!))).state, "REVOKED");
  const event = await happens(office, "invitation.revoked");
  assert.equal(event.data.invitationId, invitation.invitationId);
  await eventually(
    async () => (await office.notes()).find((note) => /Bob Babbage was revoked/.test(note)),
    "the note",
  );
  await office.putCase();
  await eventually(
    async () => (await office.case()).contacts[1].portal === "REVOKED" || undefined,
    "REVOKED",
  );
  const again = await office.enter(1);
  await ok(again.browser.session());
});

test("a deleted case ends every access to it, once", async () => {
  const office = await Office.ready();
  const { invitation, browser } = await office.enter(0);
  const remove = () => office.api.DELETE("/v1/cases/{caseId}", office.aboutCase());
  await ok(remove());
  await refused(browser.session(), 401, "CREDENTIAL_INVALID");
  await ok(remove());
  await refused(office.api.GET("/v1/cases/{caseId}", office.aboutCase()), 404, "NOT_FOUND");
  await eventually(async () => {
    const { response } = await office.api.GET(
      "/v1/cases/{caseId}/invitations/{invitationId}",
      office.about(invitation.invitationId),
    );
    return response.status === 404 || undefined;
  }, "put aside");
  await happens(office, "case.deleted");
  assert.equal((await eventsOf(office, "case.deleted")).length, 1);
  await refused(office.invite(0), 404, "NOT_FOUND");
  await office.putCase();
  // What the deleted one had is not the new one's.
  for (const label of ["Credit guide", "Privacy disclosure"]) await office.hold(label);
  await office.enter(0);
});

test("whoever is put under a deleted case's id begins with nothing", async () => {
  const office = await Office.ready();
  const { browser } = await office.enter(0);
  const about = office.aboutCase();
  const { documentId } = await office.hold("Passport");
  await ok(
    browser.api.POST("/v1/portal/cases/{caseId}/conversation", {
      ...about,
      body: { text: "Hello" },
    }),
  );
  await ok(office.api.DELETE("/v1/cases/{caseId}", about));
  await office.putCase();
  const left = async () => {
    const { documents } = await ok(office.api.GET("/v1/cases/{caseId}/documents", about));
    const { messages } = await ok(office.api.GET("/v1/cases/{caseId}/conversation", about));
    const { invitations } = await ok(office.api.GET("/v1/cases/{caseId}/invitations", about));
    return documents.length + messages.length + invitations.length;
  };
  await eventually(async () => (await left()) === 0 || undefined, "nothing left");
  const path = `/v1/cases/${office.caseId}/documents/${documentId}/content`;
  const download = await fetch(`${url}${path}`, { headers: office.bearer() });
  assert.equal(download.status, 404);
  // What is new is the new one's.
  await office.hold("Offer");
  assert.equal(await left(), 1);
});

test("a mobile corrected before the first entry is where the code goes", async () => {
  const office = await Office.ready();
  const old = office.contacts[0].mobile;
  const { link } = await ok(office.invite(0, { delivery: "LINK_ONLY" }));
  office.contacts[0].mobile = newMobile();
  await office.putCase();
  const browser = new Browser();
  const { maskedMobile } = await ok(browser.open(tokenOf(link!)));
  assert.equal(maskedMobile.replaceAll(" ", "").slice(-4), office.contacts[0].mobile.slice(-4));
  await browser.enter(tokenOf(link!), office.contacts[0].mobile);
  assert.deepEqual(await textsTo(old), []);
});

test("a mobile corrected after the entry ends what the old one opened", async () => {
  const office = await Office.ready();
  const old = office.contacts[0].mobile;
  const { invitation, browser } = await office.enter(0);
  const late = new Browser();
  const { challengeId } = await ok(late.start(invitation.link!));
  const code = await codeTo(old, 2);
  office.contacts[0].mobile = newMobile();
  await office.putCase();
  await refused(browser.session(), 401, "CREDENTIAL_INVALID");
  await refused(late.verify(challengeId, code), 400, "ACCESS_REVOKED");
  const notice = await eventually(async () => (await textsTo(old))[2], "the notice");
  assert.match(notice.body, /^Harbour Home Loans: .* another mobile number/);
  const { link } = await ok(office.createLink(invitation.invitationId));
  await new Browser().enter(tokenOf(link), office.contacts[0].mobile);
});

test("what a CRM got it can put back, and odd contacts do not refuse the case", async () => {
  const office = await Office.ready();
  office.contacts[1] = {
    ...office.contacts[1],
    givenName: " ",
    familyName: "\u200b",
    mobile: "0412 345 678 (Ann, mornings), or else her office, 02 9374 4000, but never on Sundays",
    role: "Primary Applicant",
  };
  await office.putCase();
  const got = await office.case();
  assert.equal(got.contacts[1].role, "Primary Applicant");
  const put = await ok(
    office.api.PUT("/v1/cases/{caseId}", {
      ...office.aboutCase(),
      body: got as never, // With what Gatehouse set: it is not looked at.
    }),
  );
  assert.deepEqual(put.contacts, got.contacts);
  const problem = await refused(office.invite(1), 400, "INVITATION_NOT_ALLOWED");
  assert.deepEqual(
    problem.violations!.map((violation) => violation.type),
    ["CONTACT_NAME_MISSING", "CONTACT_MOBILE_INVALID"],
  );
});

test("a link works as it was pasted, and by its token", async () => {
  const office = await Office.ready();
  const { link } = await ok(office.invite(0, { delivery: "LINK_ONLY" }));
  for (const pasted of [link!, `<${link}>.`, `#${tokenOf(link!)}`, ` ${tokenOf(link!)}\n`])
    assert.equal((await ok(new Browser().open(pasted))).state, "ACTIVE");
  const browser = new Browser();
  await browser.enter(`${link}.`, office.contacts[0].mobile);
});

test("an API key invites in the organisation's name", async () => {
  const office = await Office.ready();
  office.owner = { id: "", displayName: "", email: "", phone: "" };
  await office.putCase();
  const email = { subject: "{{sender_name}}", body: "{{link}}" };
  await ok(office.invite(0, { email }));
  const mail = await eventually(
    async () => (await mailsTo(office.contacts[0].email))[0],
    "the mail",
  );
  assert.equal(mail.subject, "Harbour Home Loans");
  // The built-in text says it once.
  await ok(office.invite(1));
  const builtIn = await eventually(
    async () => (await mailsTo(office.contacts[1].email))[0],
    "the mail",
  );
  assert.match(builtIn.text, /^Harbour Home Loans invites you to Lovelace/m);
});

test("staff find a case by what they know of it, as it is now", async () => {
  const office = await Office.ready();
  const find = async (query: string) =>
    (await ok(office.api.GET("/v1/cases:search", { params: { query: { query } } }))).cases.map(
      (found) => found.caseId,
    );
  const [ada] = office.contacts;
  const name = `${ada.givenName} ${ada.familyName!.slice(0, 4)}`;
  for (const query of [office.caseId, name, ada.mobile!]) {
    assert.deepEqual(await find(query), [office.caseId], query);
  }
  await office.putCase(office.contacts.slice(1));
  assert.deepEqual(await find(ada.email!), []);
  await refused(
    office.api.GET("/v1/cases:search", { params: { query: { query: "..." } } }),
    400,
    "INVALID_REQUEST",
  );
  const other = await Office.ready();
  const found = await ok(
    other.api.GET("/v1/cases:search", { params: { query: { query: office.caseId } } }),
  );
  assert.deepEqual(found, { cases: [], more: false });
});
