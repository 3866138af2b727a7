// What clients and staff are told of by themselves, and how the organisation chooses it.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Browser,
  Office,
  type Schemas,
  eventually,
  mailsTo,
  newEmail,
  newId,
  newMobile,
  ok,
  pdf,
  refused,
  textsTo,
  tokenOf,
  upload,
} from "./harness.ts";

type Settings = Schemas["NotificationSettings"];
const set = (office: Office, settings: Partial<Settings>) =>
  office.api.PATCH("/v1/notificationSettings", { body: settings as Settings });
type ClientAction = NonNullable<Settings["clientActions"]>[number];
type StaffAction = NonNullable<Settings["staffActions"]>[number];
const client = (action: string, more: Partial<ClientAction>) => ({
  clientActions: [{ action, ...more }],
});
const staff = (event: string, delivery: StaffAction["delivery"]) => ({
  staffActions: [{ event, delivery }],
});

/** With an owner of its own, whose mails and texts nobody else gets. */
async function ownedOffice() {
  const office = await Office.ready();
  office.owner = { ...office.owner, email: newEmail(), phone: newMobile() };
  await office.putCase();
  return office;
}

/** A client reports an incident, and staff answer it. */
async function answered(office: Office, index = 0) {
  const types = [{ incidentTypeId: "leak", displayName: "A leak" }];
  await ok(office.api.PATCH("/v1/incidentSettings", { body: { types } }));
  const { browser } = await office.enter(index);
  const { incidentId } = await ok(
    browser.api.POST("/v1/portal/cases/{caseId}/incidents", {
      ...office.aboutCase(),
      body: { incidentTypeId: "leak", text: "Water everywhere" },
    }),
  );
  await ok(
    office.api.POST("/v1/cases/{caseId}/incidents/{incidentId}:reply", {
      params: { path: { caseId: office.caseId, incidentId } },
      body: { text: "We come tomorrow" },
    }),
  );
  return browser;
}

async function handIn(office: Office, browser: { headers(): Record<string, string> }) {
  const query = new URLSearchParams({ filename: "payslip.pdf", requestId: newId("upload") });
  const path = `/v1/portal/cases/${office.caseId}/documents?${query}`;
  const { response } = await upload(path, pdf(), browser.headers());
  assert.equal(response.status, 200);
}

const toldByMail = async (address: string, subject: RegExp) =>
  (await mailsTo(address)).filter((mail) => subject.test(mail.subject));
const mailTo = (address: string, subject: RegExp, seconds = 10) =>
  eventually(async () => (await toldByMail(address, subject))[0], `a mail to ${address}`, seconds);
const textTo = (mobile: string, text: RegExp) =>
  eventually(
    async () => (await textsTo(mobile)).find((sms) => text.test(sms.body)),
    `an SMS to ${mobile}`,
  );

test("each kind of event is told to clients by e-mail, SMS, or both [S2-11] [S2-12]", async () => {
  const office = await ownedOffice();
  await ok(set(office, client("incident.replied", { delivery: "BY_EMAIL_AND_SMS" })));
  const before = Number((await ok(office.api.GET("/v1/smsCredits"))).balance);
  await answered(office);
  const { email, mobile } = office.contacts[0];
  const mail = await mailTo(email!, /^There is an answer to what you reported: Lovelace/);
  assert.match(mail.text, /There is an answer to what you reported: Lovelace: 12 Harbour Street/);
  await textTo(mobile!, /There is an answer to what you reported/);
  const after = Number((await ok(office.api.GET("/v1/smsCredits"))).balance);
  assert.ok(after < before - 1, "the code and the message each cost a credit");
});

test("staff choose which clients are told [S2-10]", async () => {
  const office = await ownedOffice();
  await ok(
    set(office, client("incident.replied", { delivery: "BY_EMAIL", roles: ["PRIMARY_APPLICANT"] })),
  );
  await answered(office, 1);
  await answered(office, 0);
  await mailTo(office.contacts[0].email!, /Lovelace/);
  assert.deepEqual(await toldByMail(office.contacts[1].email!, /Lovelace/), []);
});

test("staff are told at once by e-mail, by SMS, or not at all [X-8]", async () => {
  const office = await ownedOffice();
  const { browser } = await office.enter(0);
  await ok(set(office, staff("document.uploaded", "AT_ONCE")));
  await handIn(office, browser);
  const mail = await mailTo(office.owner.email, /Ada Lovelace handed in a document/);
  assert.match(mail.text, new RegExp(office.caseId));
  await ok(set(office, staff("document.uploaded", "AT_ONCE_BY_SMS")));
  await handIn(office, browser);
  await textTo(office.owner.phone, /Ada Lovelace handed in a document/);
  await ok(set(office, staff("document.uploaded", "NOT_AT_ALL")));
  await handIn(office, browser);
  await eventually(async () => {
    const { events } = await office.events();
    return events.filter((event) => event.type === "document.uploaded" && event.data?.contactId)
      .length === 3
      ? true
      : undefined;
  }, "the third event");
  assert.equal((await toldByMail(office.owner.email, /handed in/)).length, 1);
  assert.equal((await textsTo(office.owner.phone)).length, 1);
});

test("staff are told once a day of all that clients did [X-8]", { timeout: 120_000 }, async () => {
  const office = await ownedOffice();
  const { browser } = await office.enter(0);
  // The next minute but what the hand-ins take, by the clocks of the organisation.
  const soon = new Date(Math.ceil((Date.now() + 10_000) / 60_000) * 60_000);
  const summaryTime = soon.toLocaleTimeString("en-GB", {
    timeZone: "Australia/Sydney",
    hour: "2-digit",
    minute: "2-digit",
  });
  await ok(set(office, { summaryTime, ...staff("document.uploaded", "DAILY_SUMMARY") }));
  await handIn(office, browser);
  await handIn(office, browser);
  const mail = await mailTo(office.owner.email, /your summary/, 90);
  assert.equal(mail.text.match(/Ada Lovelace handed in a document/g)?.length, 2);
  assert.match(mail.text, /Lovelace: 12 Harbour Street\s/);
  assert.equal((await toldByMail(office.owner.email, /your summary/)).length, 1);
});

test("what must go out cannot be turned off, and is refused by name", async () => {
  const office = await Office.open();
  for (const action of ["invitation", "login-code", "sign-in-code"]) {
    const change = set(office, client(action, { delivery: "BY_NOTHING" }));
    const problem = await refused(change, 400, "ACTION_REQUIRED");
    assert.equal((problem as unknown as { action: string }).action, action);
  }
  await refused(set(office, client("no.such", {})), 400, "UNKNOWN_ACTION");
  await refused(
    set(office, client("invitation", { emailTemplateId: "tpl_none" })),
    400,
    "UNKNOWN_TEMPLATE",
  );
});

test("the access link's e-mail is set up among the automatic actions [EZ-24]", async () => {
  const office = await Office.ready();
  const template = await ok(
    office.api.POST("/v1/templates", {
      body: {
        kind: "invitation",
        title: "Access to the portal",
        subject: "Follow your installation",
        body: "Here you enter: {{link}}\n",
      },
    }),
  );
  await ok(set(office, client("invitation", { emailTemplateId: template.templateId })));
  const { clientActions } = await ok(office.api.GET("/v1/notificationActions"));
  const shown = clientActions.find(({ action }) => action.action === "invitation")!;
  assert.equal(shown.action.emailTemplateId, template.templateId);
  assert.equal(shown.required, true);
  await ok(office.invite(0));
  const mail = await mailTo(office.contacts[0].email!, /Follow your installation/);
  assert.match(mail.text, /^Here you enter: /);
});

test("the action login-code sends the code's template [EZ-34] [EZ-33]", async () => {
  const office = await Office.ready();
  const policy = { linkTtl: "2700s", singleUseLinks: true, emailCode: true };
  await ok(office.api.PATCH("/v1/invitationPolicy", { body: policy }));
  const template = await ok(
    office.api.POST("/v1/templates", {
      body: {
        kind: "sign-in-code-by-email",
        title: "Code for the portal",
        subject: "To enter",
        body: "Type |client_code_verification| there.\n",
      },
    }),
  );
  await ok(set(office, client("login-code", { emailTemplateId: template.templateId })));
  const { invitation } = await office.enter(0);
  const email = office.contacts[0].email!;
  const browser = new Browser(office.portalUrl);
  const { challengeId } = await ok(
    browser.api.POST("/v1/portal/signIn:start", {
      body: { token: tokenOf(invitation.link!), method: "EMAIL_CODE", email },
    }),
  );
  const mail = await mailTo(email, /^To enter$/);
  const code = mail.text.match(/^Type (\d{6}) there/)![1];
  const { session } = await ok(browser.verify(challengeId, code));
  assert.deepEqual(session!.caseIds, [office.caseId]);
});
