// Who may be invited, by what link, and what ends it.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Browser,
  Office,
  contact,
  eventually,
  linkIn,
  mailsTo,
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
});

test("companies, strangers and the owner are not invited [CC-3] [S1-8] [S1-13]", async () => {
  const office = await Office.ready();
  office.contacts[0] = contact("PRIMARY_APPLICANT", { type: "COMPANY" });
  office.contacts[1] = contact("APPLICANT", { mobile: "02 9000 0000" });
  await office.putCase();
  assert.deepEqual(typesOf(await refused(office.invite(0), 400, "INVITATION_NOT_ALLOWED")), [
    "ROLE_NOT_ELIGIBLE",
  ]);
  assert.deepEqual(typesOf(await refused(office.invite(1), 400, "INVITATION_NOT_ALLOWED")), [
    "SHARED_WITH_SELF",
  ]);
  await refused(office.invite(0, { contactId: "nobody" }), 404, "NOT_FOUND");
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

test("three invitations a case; revoking makes room [HB-1] [HB-8] [HB-11] [CC-20]", async () => {
  const office = await Office.ready();
  const made = await Promise.all([0, 1, 2, 3].map((index) => office.invite(index)));
  const won = made.filter((answer) => answer.response.ok);
  assert.equal(won.length, 3);
  const lost = made.findIndex((answer) => !answer.response.ok);
  assert.deepEqual(typesOf(await refused(office.invite(lost), 400, "INVITATION_NOT_ALLOWED")), [
    "INVITATION_LIMIT_REACHED",
  ]);
  await ok(
    office.api.POST("/v1/cases/{caseId}/invitations/{invitationId}:revoke", {
      ...office.about(won[0].data!.invitationId),
      body: {},
    }),
  );
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
  },
);

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
    const copied = await ok(
      office.api.POST("/v1/cases/{caseId}/invitations/{invitationId}:createLink", {
        ...office.about(one.invitationId),
        body: {},
      }),
    );
    assert.notEqual(copied.link, one.link);
    for (const link of [one.link!, copied.link]) {
      assert.equal((await ok(new Browser().open(tokenOf(link)))).state, "ACTIVE");
    }
    const browser = new Browser(office.portalUrl);
    await browser.enter(tokenOf(copied.link), office.contacts[0].mobile);
    assert.equal((await mailsTo(office.contacts[0].email)).length, 0);
    assert.equal((await office.invitation(one.invitationId)).link, "");
  },
);

test("links live seven days; resending replaces them [CC-7] [CC-8] [HB-6]", async () => {
  const office = await Office.ready();
  const made = await ok(office.invite(0, { delivery: "LINK_ONLY" }));
  const days = (Date.parse(made.expireTime!) - Date.parse(made.createTime!)) / 86_400_000;
  assert.ok(Math.abs(days - 7) < 0.01, `${days} days`);
  await ok(
    office.api.POST("/v1/cases/{caseId}/invitations/{invitationId}:resend", {
      ...office.about(made.invitationId),
      body: {},
    }),
  );
  const mail = await eventually(
    async () => (await mailsTo(office.contacts[0].email))[0],
    "the mail",
  );
  const browser = new Browser();
  assert.equal((await ok(browser.open(tokenOf(made.link!)))).state, "REVOKED");
  await refused(browser.start(tokenOf(made.link!)), 400, "LINK_REVOKED");
  assert.equal((await ok(browser.open(tokenOf(linkIn(mail.text))))).state, "ACTIVE");
});

test("after the first entry an invitation is not sent again [HB-7]", async () => {
  const office = await Office.ready();
  const { invitation } = await office.enter(0);
  await refused(
    office.api.POST("/v1/cases/{caseId}/invitations/{invitationId}:resend", {
      ...office.about(invitation.invitationId),
      body: {},
    }),
    400,
    "INVITATION_ACCEPTED",
  );
});

test(
  "links of 45 minutes that serve once, or that live until revoked, as the policy says [EZ-23] " +
    "[EZ-25] [EZ-26] [S2-29]",
  async () => {
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
    await ok(office.api.PATCH("/v1/invitationPolicy", { body: { linkTtl: "0s" } }));
    const forever = await ok(office.invite(1, { delivery: "LINK_ONLY" }));
    assert.equal(forever.expireTime, undefined);
  },
);

test(
  "credits are bought once per reference, and each SMS takes what it costs [S1-15] [S1-16] " +
    "[S2-12] [X-9]",
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

test(
  "an invited client sees everything, or its own, as the invitation says [CC-5] [HB-10] [S2-20] " +
    "[S2-23] [S2-24] [S2-22]",
  async () => {
    const office = await Office.ready();
    const [ada, bob] = office.contacts;
    const forAda = await office.request("Ada's payslip", ada.contactId);
    const forBob = await office.request("Bob's payslip", bob.contactId);
    const own = await office.enter(0, { visibility: "OWN" });
    const all = await office.enter(1, {
      visibility: "ALL",
      documentRequestIds: [forAda.documentRequestId, forBob.documentRequestId],
    });
    const params = { params: { path: { caseId: office.caseId } } };
    const seen = async (browser: Browser) => {
      const view = await ok(browser.api.GET("/v1/portal/cases/{caseId}", params));
      const asked = await ok(browser.api.GET("/v1/portal/cases/{caseId}/documentRequests", params));
      return [view.contacts.length, asked.documentRequests.map((r) => r.title)];
    };
    assert.deepEqual(await seen(own.browser), [1, ["Ada's payslip"]]);
    assert.deepEqual(await seen(all.browser), [4, ["Ada's payslip", "Bob's payslip"]]);
  },
);

test("a changed contact is invited with what the CRM has now [S1-18]", async () => {
  const office = await Office.ready();
  const made = await ok(office.invite(0));
  office.contacts[0].mobile = newMobile();
  await office.putCase();
  await ok(
    office.api.POST("/v1/cases/{caseId}/invitations/{invitationId}:resend", {
      ...office.about(made.invitationId),
      body: {},
    }),
  );
  const mails = await eventually(async () => {
    const all = await mailsTo(office.contacts[0].email);
    return all.length === 2 ? all : undefined;
  }, "the second mail");
  await new Browser().enter(tokenOf(linkIn(mails[1].text)), office.contacts[0].mobile);
});
