// The main job, told step by step: what `./dev demo` performs against a running Gatehouse.
import assert from "node:assert/strict";
import {
  Browser,
  Office,
  codeTo,
  eventually,
  linkIn,
  mailsTo,
  ok,
  pdf,
  sha256,
  textsTo,
  tokenOf,
  upload,
  url,
} from "./harness.ts";

let number = 0;
const step = (text: string) => console.log(`\n\x1b[1m${++number}. ${text}\x1b[0m`);
const tell = (text: string) => console.log(text.replace(/^/gm, "   "));

step("A CRM creates an organisation, buys SMS credits, and mirrors a case with its contacts.");
const office = await Office.open();
const [ada] = office.contacts;
tell(`organisation ${office.id}, case ${office.caseId}: ${(await office.case()).displayName}`);
tell(
  `contacts: ${office.contacts.map((c) => `${c.givenName} (${c.role})`).join(", ")}`,
);

step("It asks whether Ada could be invited, and is told everything that is missing.");
const { error } = await office.invite(0, { validateOnly: true });
for (const violation of (error as { violations: { type: string; subject: string }[] }).violations) {
  tell(`${violation.type}: ${violation.subject}`);
}

step("It uploads the labelled documents that Australia asks for, and requests a payslip.");
for (const label of ["Credit guide", "Privacy disclosure"]) {
  const document = await office.hold(label);
  tell(
    `${document.filename}, ${document.sizeBytes} bytes, ${document.contentType}, ${document.scan}`,
  );
}
const request = await office.request("Your last two payslips", ada.contactId);

step("It invites Ada. The mail that arrived:");
const invitation = await ok(office.invite(0));
const mail = await eventually(async () => (await mailsTo(ada.email))[0], "the mail");
tell(`To: ${mail.to.join(", ")}\nSubject: ${mail.subject}\n\n${mail.text.trim()}`);

step("Ada opens her link, and sees where a code would go.");
const browser = new Browser(office.portalUrl);
const token = tokenOf(linkIn(mail.text));
const opened = await ok(browser.open(token));
tell(
  `${opened.organisation!.displayName}: ${opened.state}, a code would go to ${opened.maskedMobile}`,
);

step("She asks for the code. The SMS that arrived:");
const challenge = await ok(browser.start(token));
const code = await codeTo(ada.mobile);
tell((await textsTo(ada.mobile))[0].body);

step("She enters, and sees her case and what is asked of her.");
const { session } = await ok(browser.verify(challenge.challengeId, code));
const params = { params: { path: { caseId: office.caseId } } };
const seen = await ok(browser.api.GET("/v1/portal/cases/{caseId}", params));
const asked = await ok(browser.api.GET("/v1/portal/cases/{caseId}/documentRequests", params));
tell(`session ${session!.sessionId} until ${session!.expireTime}\ncase: ${seen.displayName}`);
for (const one of asked.documentRequests) tell(`asked: ${one.title} (${one.state})`);

step("She hands over the payslip.");
const payslip = pdf("payslip of November");
const query = new URLSearchParams({
  filename: "payslip.pdf",
  documentRequestId: request.documentRequestId,
});
const handed = await upload(
  `/v1/portal/cases/${office.caseId}/documents?${query}`,
  payslip,
  browser.headers(),
);
assert.equal(handed.response.status, 200);
tell(`${handed.body.filename} in ${handed.body.folder}, SHA-256 ${handed.body.sha256}`);

step("Staff download the same bytes.");
const download = await fetch(
  `${url}/v1/cases/${office.caseId}/documents/${handed.body.documentId}/content`,
  { headers: office.bearer() },
);
const bytes = Buffer.from(await download.arrayBuffer());
assert.equal(sha256(bytes), sha256(payslip));
tell(`${download.headers.get("content-disposition")}\nSHA-256 ${sha256(bytes)}: the same`);

step("Staff revoke the access, and the very next request is refused.");
await ok(
  office.api.POST("/v1/cases/{caseId}/invitations/{invitationId}:revoke", {
    ...office.about(invitation.invitationId),
    body: {},
  }),
);
const after = await browser.session();
assert.equal(after.response.status, 401);
tell(
  `GET /v1/portal/session: ${after.response.status} ${(after.error as { reason: string }).reason}`,
);

step("What the case and the CRM's feed say of it:");
for (const note of (await office.notes()).reverse()) tell(`note: ${note}`);
for (const event of (await office.events()).events) tell(`event: ${event.type}`);
