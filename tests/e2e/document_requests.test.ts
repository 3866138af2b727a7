// What staff ask clients for, and what becomes of it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import {
  Browser,
  Office,
  eventually,
  mailsTo,
  newId,
  ok,
  pdf,
  refused,
  setting,
  upload,
} from "./harness.ts";

const run = promisify(execFile);

function about(office: Office, documentRequestId: string) {
  return { params: { path: { caseId: office.caseId, documentRequestId } } };
}
function accept(office: Office, id: string) {
  const path = "/v1/cases/{caseId}/documentRequests/{documentRequestId}:accept";
  return office.api.POST(path, { ...about(office, id), body: {} });
}
function giveBack(office: Office, id: string, reason: string) {
  const path = "/v1/cases/{caseId}/documentRequests/{documentRequestId}:return";
  return office.api.POST(path, { ...about(office, id), body: { reason } });
}
function decline(browser: Browser, office: Office, id: string, reason: string) {
  const path = "/v1/portal/cases/{caseId}/documentRequests/{documentRequestId}:declareUnavailable";
  return browser.api.POST(path, { ...about(office, id), body: { reason } });
}
async function asked(browser: Browser, office: Office) {
  const path = "/v1/portal/cases/{caseId}/documentRequests";
  return (await ok(browser.api.GET(path, office.aboutCase()))).documentRequests;
}
function handIn(browser: Browser, office: Office, documentRequestId: string) {
  const query = new URLSearchParams({ filename: `${newId("file")}.pdf`, documentRequestId });
  return upload(`/v1/portal/cases/${office.caseId}/documents?${query}`, pdf(), browser.headers());
}
const inDays = (days: number) =>
  new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

test("what a client hands in is reviewed and sent back [X-3] [EZ-14]", async () => {
  const office = await Office.ready();
  const { documentRequestId: id } = await office.request("Your last two payslips");
  const { browser } = await office.enter(0);
  const state = async () => (await asked(browser, office))[0].state;
  assert.equal(await state(), "REQUIRED");
  await refused(giveBack(office, id, "nothing there"), 400, "DOCUMENT_REQUEST_NOT_ANSWERED");

  for (const _ of [1, 2]) assert.equal((await handIn(browser, office, id)).response.status, 200);
  assert.equal(await state(), "PENDING_REVIEW");
  const returned = await ok(giveBack(office, id, "The second page is missing"));
  assert.equal(returned.documents.length, 2);
  const [seen] = await asked(browser, office);
  assert.deepEqual([seen.state, seen.returnReason], ["RETURNED", "The second page is missing"]);

  assert.equal((await handIn(browser, office, id)).response.status, 200);
  assert.equal(await state(), "PENDING_REVIEW");
  assert.equal((await ok(accept(office, id))).state, "ACCEPTED");
  assert.equal(await state(), "ACCEPTED");
  const late = await handIn(browser, office, id);
  assert.equal(late.body.reason, "DOCUMENT_REQUEST_ACCEPTED");
  const types = (await office.events()).events.map((event) => event.type);
  assert.ok(types.includes("documentRequest.returned"));
  assert.ok(types.includes("documentRequest.accepted"));
});

test("a client says that it has no such document [X-3]", async () => {
  const office = await Office.ready();
  const [ada] = office.contacts;
  const { documentRequestId: id } = await office.request("A payslip", ada.contactId);
  const { browser } = await office.enter(0, { visibility: "OWN" });
  const other = await office.enter(1, { visibility: "OWN" });
  await refused(decline(other.browser, office, id, "not mine"), 404, "NOT_FOUND");
  const declined = await ok(decline(browser, office, id, "I am self-employed"));
  assert.equal(declined.state, "PENDING_REVIEW");
  const path = "/v1/cases/{caseId}/documentRequests";
  const [seen] = (await ok(office.api.GET(path, office.aboutCase()))).documentRequests;
  assert.equal(seen.unavailableReason, "I am self-employed");
  assert.equal((await ok(accept(office, id))).state, "ACCEPTED");
});

test("what a kind of case needs is asked for in one go [X-3] [EZ-14]", async () => {
  const office = await Office.ready();
  const [ada] = office.contacts;
  const template = "/v1/documentRequestTemplates/{documentRequestTemplateId}";
  const items = [
    { title: "Passport", label: "Identity", dueDays: 7 },
    { title: "Payslips", label: "Income" },
  ];
  for (const [documentRequestTemplateId, caseKind] of [
    ["loan", "deal"],
    ["solar", "opportunity"],
  ]) {
    const body = { displayName: "What we need", caseKind, items };
    await ok(office.api.PUT(template, { params: { path: { documentRequestTemplateId } }, body }));
  }
  const { documentRequestTemplates: found } = await ok(
    office.api.GET("/v1/documentRequestTemplates", { params: { query: { caseKind: "deal" } } }),
  );
  assert.deepEqual(
    found.map((one) => one.documentRequestTemplateId),
    ["loan"],
  );
  const made = await ok(
    office.api.POST("/v1/cases/{caseId}/documentRequests:applyTemplate", {
      ...office.aboutCase(),
      body: { documentRequestTemplateId: "loan", contactId: ada.contactId },
    }),
  );
  const { browser } = await office.enter(0);
  const seen = await asked(browser, office);
  assert.deepEqual(
    seen.map((request) => [request.documentRequestId, request.title, request.label]),
    made.documentRequests.map((request) => [
      request.documentRequestId,
      request.title,
      request.label,
    ]),
  );
  assert.match(seen[0].dueDate, /^\d{4}-\d\d-\d\d$/);
  assert.equal(seen[1].dueDate, "");
});

test("what is taken back is asked for no more, and what was handed in stays [X-3]", async () => {
  const office = await Office.ready();
  const { documentRequestId: id } = await office.request("A payslip");
  const { browser } = await office.enter(0);
  const { body: document } = await handIn(browser, office, id);
  const path = "/v1/cases/{caseId}/documentRequests/{documentRequestId}";
  await ok(office.api.DELETE(path, about(office, id)));
  await refused(office.api.DELETE(path, about(office, id)), 404, "NOT_FOUND");
  assert.deepEqual(await asked(browser, office), []);
  const documents = "/v1/portal/cases/{caseId}/documents";
  const listed = await ok(browser.api.GET(documents, office.aboutCase()));
  assert.deepEqual(
    listed.documents.map((one) => [one.documentId, one.documentRequestId]),
    [[document.documentId, ""]],
  );
});

/** Where it is noon now, since nobody is written to at night. */
async function atNoon(office: Office) {
  const ahead = 12 - new Date().getUTCHours();
  const timeZone = ahead === 0 ? "Etc/GMT" : `Etc/GMT${ahead > 0 ? "-" : "+"}${Math.abs(ahead)}`;
  await ok(office.api.PATCH("/v1/organisation", { body: { timeZone } }));
}

/** Lets the case be looked at now: no call can, and reminders come in the morning. */
async function lookNow(office: Office) {
  const text =
    `SET gatehouse.organisation_id = '${office.id}';` +
    "UPDATE documents.case_reminder SET next_time = now() - interval '1 s'" +
    ` WHERE case_id = '${office.caseId}';` +
    "UPDATE documents.job SET due_time = now() WHERE kind = 'document_request.look'" +
    ` AND organisation_id = '${office.id}';`;
  await run("psql", ["-XAtqc", text, setting("GATEHOUSE_POSTGRES_URL")]);
}

test("one reminder names all that is open, and nothing that is there [X-3]", async () => {
  const office = await Office.ready();
  await atNoon(office);
  const { browser } = await office.enter(0);
  const [ada, bob] = office.contacts;
  const before = (await mailsTo(ada.email)).length;
  const ask = (title: string, contactId: string, dueDate: string) =>
    ok(
      office.api.POST("/v1/cases/{caseId}/documentRequests", {
        ...office.aboutCase(),
        body: { title, contactId, dueDate },
      }),
    );
  const given = await ask("Passport", ada.contactId, inDays(3));
  await ask("Payslips", ada.contactId, inDays(3));
  await ask("Contract", "", "");
  await ask("Licence", bob.contactId, inDays(3));
  assert.equal((await handIn(browser, office, given.documentRequestId)).response.status, 200);
  await lookNow(office);
  const mail = await eventually(async () => (await mailsTo(ada.email))[before], "the reminder", 20);
  assert.match(mail.text, new RegExp(`- Payslips \\(by ${inDays(3)}\\)\\s+- Contract`));
  assert.doesNotMatch(mail.text, /Passport|Licence/);
  assert.equal((await mailsTo(ada.email)).length, before + 1);
  assert.equal((await mailsTo(bob.email)).length, 0); // Who has not entered has no way in.
});

test("what was asked for before the invitation goes out with it [S2-22]", async () => {
  const office = await Office.ready();
  const [ada, bob] = office.contacts;
  const shown = await office.request("Your last two payslips", ada.contactId);
  await office.request("A passport", ada.contactId);
  await office.request("A licence", bob.contactId);
  const documentRequestIds = [shown.documentRequestId];
  await ok(office.invite(0, { documentRequestIds }));
  const mail = await eventually(async () => (await mailsTo(ada.email))[0], "the invitation");
  assert.match(mail.text, /You are asked for:\s+- Your last two payslips\s/);
  assert.doesNotMatch(mail.text, /passport|licence/);
  assert.equal((await mailsTo(ada.email)).length, 1);
});
