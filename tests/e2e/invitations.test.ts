// Who may be invited, by what link, and what ends it.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Browser,
  Office,
  client,
  contact,
  eventually,
  linkIn,
  mailsTo,
  newId,
  newMobile,
  ok,
  refused,
  tokenOf,
} from "./harness.ts";

const typesOf = (problem: { violations?: { type?: string }[] }) =>
  problem.violations!.map((violation) => violation.type);

test(
  "every unmet condition comes back at once, by name [CC-2] [CC-4] [S1-9] [S1-11] [S1-14] " +
    "[S2-5] [S2-18]",
  async () => {
    const office = await Office.open("AU", 0);
    office.contacts[0] = contact("FRIEND", {
      givenName: "",
      familyName: "",
      email: "ada@",
      mobile: "12",
    });
    office.contacts[1] = contact("APPLICANT", { email: "", mobile: "" });
    await office.putCase();
    const first = await refused(office.invite(0), 400, "INVITATION_NOT_ALLOWED");
    assert.deepEqual(typesOf(first), [
      "CONTACT_NAME_MISSING",
      "CONTACT_EMAIL_INVALID",
      "CONTACT_MOBILE_INVALID",
      "ROLE_NOT_ELIGIBLE",
      "SMS_CREDITS_EXHAUSTED",
      "LABELLED_DOCUMENT_MISSING",
      "LABELLED_DOCUMENT_MISSING",
    ]);
    assert.deepEqual(
      first.violations!.slice(5).map((v) => v.subject),
      ["Credit guide", "Privacy disclosure"],
    );
    const second = await refused(
      office.invite(1, { validateOnly: true }),
      400,
      "INVITATION_NOT_ALLOWED",
    );
    assert.deepEqual(typesOf(second).slice(0, 2), [
      "CONTACT_EMAIL_MISSING",
      "CONTACT_MOBILE_MISSING",
    ]);
    const { eligibleRoles } = await office.policy();
    assert.deepEqual(eligibleRoles, ["PRIMARY_APPLICANT", "APPLICANT", "GUARANTOR"]);
    for (const label of ["Credit guide", "Privacy disclosure"]) await office.hold(label);
    const third = await refused(office.invite(2), 400, "INVITATION_NOT_ALLOWED");
    assert.deepEqual(typesOf(third), ["SMS_CREDITS_EXHAUSTED"]);
  },
);

test("New Zealand asks for its own documents [S2-19]", async () => {
  const office = await Office.open("NZ");
  office.contacts[0] = contact("APPLICANT", { mobile: "021 123 4567" });
  await office.putCase();
  const problem = await refused(office.invite(0), 400, "INVITATION_NOT_ALLOWED");
  assert.deepEqual(
    problem.violations!.map((v) => v.subject),
    ["Acknowledgement and declaration", "Adviser guide", "ROMA"],
  );
  for (const { subject } of problem.violations!) await office.hold(subject!);
  await ok(office.invite(0));
});

const sendersOwn = "0400 000 000"; // What SMS come from, as ./dev sets it.

test("companies, strangers and oneself are not invited [CC-3] [S1-8] [S1-13] [S1-17]", async () => {
  const office = await Office.ready();
  office.contacts[0] = contact("PRIMARY_APPLICANT", { type: "COMPANY" });
  office.contacts[1] = contact("APPLICANT", { mobile: "02 9000 0000" });
  office.contacts[2] = contact("GUARANTOR", { mobile: sendersOwn });
  await office.putCase();
  assert.deepEqual(typesOf(await refused(office.invite(0), 400, "INVITATION_NOT_ALLOWED")), [
    "ROLE_NOT_ELIGIBLE",
  ]);
  for (const index of [1, 2]) {
    assert.deepEqual(typesOf(await refused(office.invite(index), 400, "INVITATION_NOT_ALLOWED")), [
      "SHARED_WITH_SELF",
    ]);
  }
  await refused(office.invite(0, { contactId: "nobody" }), 404, "NOT_FOUND");
});

test("an owner tries the portal out once a colleague owns the case [S1-19]", async () => {
  const office = await Office.ready();
  office.owner.phone = office.contacts[0].mobile;
  await office.putCase();
  assert.deepEqual(typesOf(await refused(office.invite(0), 400, "INVITATION_NOT_ALLOWED")), [
    "SHARED_WITH_SELF",
  ]);
  office.owner = { ...office.owner, id: "tom", displayName: "Tom Team", phone: "0290000001" };
  await office.putCase();
  await office.enter(0);
});

test("a couple is invited, and its representative where the policy says so [HB-2]", async () => {
  const office = await Office.ready();
  office.contacts[2] = contact("REPRESENTATIVE");
  await office.putCase();
  for (const index of [0, 1]) await ok(office.invite(index));
  assert.deepEqual(typesOf(await refused(office.invite(2), 400, "INVITATION_NOT_ALLOWED")), [
    "ROLE_NOT_ELIGIBLE",
  ]);
  const eligibleRoles = [...(await office.policy()).eligibleRoles!, "REPRESENTATIVE"];
  await ok(office.api.PATCH("/v1/invitationPolicy", { body: { eligibleRoles } }));
  await ok(office.invite(2));
});

/** How far each contact's access has come, as staff see it. */
async function portalsOf(office: Office) {
  return (await office.case()).contacts.map((c) => c.portal);
}

test("a case shows each contact's access, and its invitations [CC-9] [CC-20] [HB-3]", async () => {
  const office = await Office.ready();
  assert.deepEqual(await portalsOf(office), Array(4).fill("NOT_INVITED"));
  await ok(office.invite(0));
  await office.enter(1);
  await office.revoke((await ok(office.invite(2))).invitationId);
  await eventually(
    async () =>
      (await portalsOf(office)).join() === "INVITED,ACTIVE,REVOKED,NOT_INVITED" || undefined,
    "each contact's access",
  );
  const { invitations } = await ok(
    office.api.GET("/v1/cases/{caseId}/invitations", office.aboutCase()),
  );
  assert.deepEqual(
    invitations.map((i) => [i.contactId, i.state]),
    ["REVOKED", "ACCEPTED", "PENDING"].map((s, i) => [office.contacts[2 - i].contactId, s]),
  );
});

test("a system beside the CRM brings cases, and may do no more [EZ-37]", async () => {
  const office = await Office.ready();
  const simulator = await ok(
    office.api.POST("/v1/apiKeys", {
      body: { displayName: "Web simulator", scopes: ["cases.write"] },
    }),
  );
  const staff = office.api;
  office.api = client(simulator.secret);
  office.caseId = newId("lead");
  await office.putCase();
  await refused(office.invite(0), 403, "SCOPE_MISSING");
  office.api = staff;
  for (const label of (await office.policy()).requiredLabels!) await office.hold(label);
  const { session } = await office.enter(0);
  assert.deepEqual(session.caseIds, [office.caseId]);
});

test("a privacy disclosure is asked for where the policy says so [S1-12] [S2-4]", async () => {
  const office = await Office.ready();
  await ok(office.api.PATCH("/v1/invitationPolicy", { body: { requirePrivacyDisclosure: true } }));
  assert.deepEqual(typesOf(await refused(office.invite(0), 400, "INVITATION_NOT_ALLOWED")), [
    "PRIVACY_DISCLOSURE_MISSING",
  ]);
  await ok(
    office.api.PATCH("/v1/invitationPolicy", {
      body: { privacyDisclosureUrl: "https://office.example/privacy" },
    }),
  );
  await ok(office.invite(0));
});

test("a change of settings is in the audit trail, with what was before and after", async () => {
  const office = await Office.open("AU", 0);
  for (const maxInvitationsPerCase of [2, 4])
    await ok(office.api.PATCH("/v1/invitationPolicy", { body: { maxInvitationsPerCase } }));
  const changes = await eventually(async () => {
    const { auditEvents } = await ok(office.api.GET("/v1/auditEvents"));
    const changes = auditEvents.flatMap((row) => (row.type === "settings.updated" ? [row] : []));
    return changes.length === 2 ? changes : undefined;
  }, "the audit trail");
  assert.equal(changes[0].subjectId, "gatehouse.invitation.v1.Policy");
  assert.deepEqual(JSON.parse(changes[0].data.before), { maxInvitationsPerCase: 2 });
  assert.deepEqual(JSON.parse(changes[0].data.after), { maxInvitationsPerCase: 4 });
  assert.match(changes[0].requestId, /^req_/);
});

test("three invitations a case; revoking makes room [HB-1] [HB-8] [HB-11]", async () => {
  const office = await Office.ready();
  const made = await Promise.all([0, 1, 2, 3].map((index) => office.invite(index)));
  const won = made.filter((answer) => answer.response.ok);
  assert.equal(won.length, 3);
  const lost = made.findIndex((answer) => !answer.response.ok);
  assert.deepEqual(typesOf(await refused(office.invite(lost), 400, "INVITATION_NOT_ALLOWED")), [
    "INVITATION_LIMIT_REACHED",
  ]);
  await office.revoke(won[0].data!.invitationId);
  await ok(office.invite(lost));
});

test("one invitee per case, where the policy says so [S1-7]", async () => {
  const office = await Office.ready();
  await ok(office.api.PATCH("/v1/invitationPolicy", { body: { maxInvitationsPerCase: 1 } }));
  await ok(office.invite(0));
  await refused(office.invite(1), 400, "INVITATION_NOT_ALLOWED");
});

test("an invited contact shows as invited and is not invited twice [HB-5] [S2-27]", async () => {
  const office = await Office.ready();
  await ok(office.invite(0));
  const portal = async () => (await office.case()).contacts[0].portal;
  await eventually(async () => (await portal()) === "INVITED" || undefined, "INVITED");
  assert.deepEqual(typesOf(await refused(office.invite(0), 400, "INVITATION_NOT_ALLOWED")), [
    "ALREADY_INVITED",
  ]);
});

test("the same request_id gets the same invitation and sends one mail", async () => {
  const office = await Office.ready();
  const requestId = "once";
  const answers = await Promise.all([1, 2, 3].map(() => ok(office.invite(0, { requestId }))));
  assert.equal(new Set(answers.map((invitation) => invitation.invitationId)).size, 1);
  await eventually(async () => (await mailsTo(office.contacts[0].email))[0], "the mail");
  assert.equal((await mailsTo(office.contacts[0].email)).length, 1);
});

test(
  "the text of this one mail may be written anew, its tags may not be edited [CC-13] [CC-14] " +
    "[CC-15]",
  async () => {
    const office = await Office.ready();
    await refused(
      office.invite(0, { email: { subject: "Hi", body: "no link" } }),
      400,
      "TAG_MISSING",
    );
    await refused(
      office.invite(0, { email: { subject: "{{client}}", body: "{{link}}" } }),
      400,
      "UNKNOWN_TAG",
    );
    await ok(
      office.invite(0, {
        email: { subject: "Grüße, {{contact_name}}", body: "Bitte: {{link}} ({{expiry}})" },
      }),
    );
    const mail = await eventually(
      async () => (await mailsTo(office.contacts[0].email))[0],
      "the mail",
    );
    assert.equal(mail.subject, "Grüße, Ada Lovelace");
    assert.match(mail.text, /^Bitte: https:/);
    assert.equal(mail.from, "portal@gatehouse.example");
    assert.match(mail.sender, /^"?Harbour Home Loans"? <portal@gatehouse\.example>$/);
  },
);

test("the organisation's own text goes out where the invitation has none", async () => {
  const office = await Office.ready();
  const email = { subject: "{{organisation_name}}: {{case_name}}", body: "Here: {{link}}" };
  const change = (body: typeof email) =>
    office.api.PATCH("/v1/invitationPolicy", { body: { email: body } });
  await refused(change({ ...email, body: "no link" }), 400, "TAG_MISSING");
  await ok(change(email));
  await ok(office.invite(0));
  const mail = await eventually(
    async () => (await mailsTo(office.contacts[0].email))[0],
    "the mail",
  );
  assert.equal(mail.subject, "Harbour Home Loans: Lovelace: 12 Harbour Street");
  assert.match(mail.text, /^Here: https:/);
});

test(
  "a link without a mail, one for each client, still demands the code [CC-16] [CC-17] [CC-18] " +
    "[CC-19] [CC-22] [HB-9]",
  async () => {
    const office = await Office.ready();
    const invitations = [];
    for (const index of [0, 1])
      invitations.push(await ok(office.invite(index, { delivery: "LINK_ONLY" })));
    const [one, two] = invitations;
    assert.notEqual(one.link, two.link);
    assert.ok(one.link!.startsWith(`${office.portalUrl}/i#`));
    const copied = await ok(office.createLink(one.invitationId));
    assert.notEqual(copied.link, one.link);
    for (const link of [one.link!, copied.link]) {
      const browser = new Browser();
      assert.equal((await ok(browser.open(tokenOf(link)))).state, "ACTIVE");
      await refused(browser.session(), 401, "CREDENTIAL_MISSING");
    }
    const ada = new Browser(office.portalUrl);
    await ada.enter(tokenOf(copied.link), office.contacts[0].mobile);
    const bob = new Browser(office.portalUrl);
    await bob.enter(tokenOf(two.link!), office.contacts[1].mobile);
    assert.equal((await mailsTo(office.contacts[0].email)).length, 0);
    assert.equal((await office.invitation(one.invitationId)).link, "");
    await office.revoke(one.invitationId);
    await refused(ada.session(), 401, "CREDENTIAL_INVALID");
    const { contactId } = await ok(bob.api.GET("/v1/portal/cases/{caseId}", office.aboutCase()));
    assert.equal(contactId, office.contacts[1].contactId);
  },
);

test("links live seven days; resending replaces, removing ends them [CC-7] [HB-6]", async () => {
  const office = await Office.ready();
  const made = await ok(office.invite(0));
  const life = Date.parse(made.expireTime!) - Date.parse(made.createTime!);
  assert.ok(Math.abs(life / 86_400_000 - 7) < 0.01, `${life} ms`);
  const mailNumber = (number: number) =>
    eventually(async () => (await mailsTo(office.contacts[0].email))[number - 1], "the mail");
  const first = tokenOf(linkIn((await mailNumber(1)).text));
  await ok(office.resend(made.invitationId));
  const mail = await mailNumber(2);
  const browser = new Browser();
  assert.equal((await ok(browser.open(first))).state, "REVOKED");
  await refused(browser.start(first), 400, "LINK_REVOKED");
  assert.equal((await ok(browser.open(tokenOf(linkIn(mail.text))))).state, "ACTIVE");
  await office.revoke(made.invitationId);
  await refused(browser.start(tokenOf(linkIn(mail.text))), 400, "LINK_REVOKED");
});

test("after the first entry an invitation is not sent again [HB-7]", async () => {
  const office = await Office.ready();
  const { invitation } = await office.enter(0);
  await refused(office.resend(invitation.invitationId), 400, "INVITATION_ACCEPTED");
});

test("links of 45 minutes that serve once, where the policy says so [EZ-25] [EZ-26]", async () => {
  const office = await Office.ready();
  await ok(
    office.api.PATCH("/v1/invitationPolicy", {
      body: { linkTtl: "2700s", singleUseLinks: true },
    }),
  );
  const { invitation } = await office.enter(0);
  const minutes =
    (Date.parse(invitation.expireTime!) - Date.parse(invitation.createTime!)) / 60_000;
  assert.ok(Math.abs(minutes - 45) < 0.1);
  assert.equal((await ok(new Browser().open(tokenOf(invitation.link!)))).state, "USED");
  await refused(new Browser().start(tokenOf(invitation.link!)), 400, "LINK_USED");
});

test("access without an end, until staff revoke it, where the policy says so [S2-29]", async () => {
  const office = await Office.ready();
  await ok(office.api.PATCH("/v1/invitationPolicy", { body: { linkTtl: "0s" } }));
  const { invitation, browser } = await office.enter(0);
  assert.equal(invitation.expireTime, undefined);
  const token = tokenOf(invitation.link!);
  assert.equal((await ok(new Browser().open(token))).state, "ACTIVE");
  await office.revoke(invitation.invitationId);
  assert.equal((await ok(new Browser().open(token))).state, "REVOKED");
  await refused(browser.session(), 401, "CREDENTIAL_INVALID");
});

test(
  "credits are bought once per reference, and each SMS takes what it costs [S1-15] [S1-16] " +
    "[S2-12]",
  async () => {
    const office = await Office.ready();
    const before = Number((await ok(office.api.GET("/v1/smsCredits"))).balance);
    const body = { credits: 5, reference: "invoice-7" };
    assert.equal(
      Number((await ok(office.api.POST("/v1/smsCredits:purchase", { body }))).balance),
      before + 5,
    );
    assert.equal(
      Number((await ok(office.api.POST("/v1/smsCredits:purchase", { body }))).balance),
      before + 5,
    );
    await office.enter(0);
    assert.equal(Number((await ok(office.api.GET("/v1/smsCredits"))).balance), before + 4);
    const { entries } = await ok(office.api.GET("/v1/smsCredits/entries"));
    assert.equal(
      entries.reduce((sum, entry) => sum + Number(entry.credits), 0),
      before + 4,
    );
  },
);

test("a changed contact is invited with what the CRM has now [S1-18]", async () => {
  const office = await Office.ready();
  const made = await ok(office.invite(0));
  office.contacts[0].mobile = newMobile();
  await office.putCase();
  await ok(office.resend(made.invitationId));
  const mails = await eventually(async () => {
    const all = await mailsTo(office.contacts[0].email);
    return all.length === 2 ? all : undefined;
  }, "the second mail");
  await new Browser().enter(tokenOf(linkIn(mails[1].text)), office.contacts[0].mobile);
});
