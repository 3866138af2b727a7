// The main job, end to end, as its three parties see it.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Browser,
  Office,
  codeTo,
  e164,
  eventually,
  linkIn,
  mailsTo,
  ok,
  pdf,
  refused,
  sha256,
  textsTo,
  tokenOf,
  upload,
  url,
} from "./harness.ts";

test(
  "a client is invited, enters and hands over a document; staff download the same bytes; " +
    "revoked access ends at once [CC-1] [CC-10] [S1-2] [S1-3] [S1-6] [S1-20] [S2-17] " +
    "[S2-25] [S2-26] [S2-28] [S2-30] [EZ-5] [EZ-6] [EZ-14] [EZ-23] [EZ-32] [HB-4] [HB-12]",
  async () => {
    const office = await Office.ready();
    const ada = office.contacts[0];
    const request = await office.request("Your last two payslips", ada.contactId);
    assert.equal(request.state, "REQUIRED");

    const invitation = await ok(
      office.invite(0, { documentRequestIds: [request.documentRequestId] }),
    );
    assert.equal(invitation.state, "PENDING");
    const mail = await eventually(
      async () => (await mailsTo(ada.email))[0],
      "the invitation's mail",
    );
    assert.match(mail.subject, /Harbour Home Loans/);
    assert.match(mail.text, /Lovelace: 12 Harbour Street/);
    const token = tokenOf(linkIn(mail.text));

    const browser = new Browser(office.portalUrl);
    const opened = await ok(browser.open(token));
    assert.equal(opened.state, "ACTIVE");
    assert.equal(opened.organisation!.displayName, "Harbour Home Loans");
    assert.equal(
      opened.maskedMobile,
      `•••• ••${e164(ada.mobile).slice(-4, -3)} ${ada.mobile.slice(-3)}`,
    );
    assert.deepEqual(opened.methods, ["SMS_CODE"]);
    const challenge = await ok(browser.start(token));
    const code = await codeTo(ada.mobile);
    const [text] = await textsTo(ada.mobile);
    assert.equal(text.body.split("\n").at(-1), `@${new URL(office.portalUrl).host} #${code}`);
    const { session } = await ok(browser.verify(challenge.challengeId, code));
    assert.deepEqual(session!.caseIds, [office.caseId]);
    assert.equal((await ok(browser.session())).sessionId, session!.sessionId);

    const path = { caseId: office.caseId };
    const seen = await ok(browser.api.GET("/v1/portal/cases/{caseId}", { params: { path } }));
    assert.equal(seen.displayName, "Lovelace: 12 Harbour Street");
    const asked = await ok(
      browser.api.GET("/v1/portal/cases/{caseId}/documentRequests", { params: { path } }),
    );
    assert.deepEqual(
      asked.documentRequests.map((r) => [r.title, r.state]),
      [["Your last two payslips", "REQUIRED"]],
    );
    const payslip = pdf("payslip");
    const query = new URLSearchParams({
      filename: "payslip.pdf",
      documentRequestId: request.documentRequestId,
    });
    const handed = await upload(
      `/v1/portal/cases/${office.caseId}/documents?${query}`,
      payslip,
      browser.headers(),
    );
    assert.equal(handed.response.status, 200, JSON.stringify(handed.body));
    assert.equal(handed.body.sha256, sha256(payslip));
    assert.equal(handed.body.folder, "Client-Documents");
    assert.equal(handed.body.scan, "UNSCANNED");
    assert.equal(handed.body.label, "Your last two payslips");
    const after = await ok(
      browser.api.GET("/v1/portal/cases/{caseId}/documentRequests", { params: { path } }),
    );
    assert.equal(after.documentRequests[0].state, "PENDING_REVIEW");

    const { documents } = await ok(
      office.api.GET("/v1/cases/{caseId}/documents", { params: { path } }),
    );
    const found = documents.find((d) => d.folder === "Client-Documents")!;
    assert.equal(found.uploader!.kind, "CLIENT");
    const bytes = await fetch(
      `${url}/v1/cases/${office.caseId}/documents/${found.documentId}/content`,
      { headers: office.bearer() },
    );
    assert.equal(bytes.headers.get("content-type"), "application/pdf");
    assert.equal(bytes.headers.get("etag"), `"${sha256(payslip)}"`);
    assert.match(bytes.headers.get("content-disposition")!, /^attachment; filename="payslip.pdf"/);
    assert.deepEqual(Buffer.from(await bytes.arrayBuffer()), payslip);

    const staffView = await office.case();
    assert.equal(staffView.contacts.find((c) => c.contactId === ada.contactId)!.portal, "ACTIVE");
    assert.equal((await office.invitation(invitation.invitationId)).state, "ACCEPTED");
    const revoked = await ok(
      office.api.POST("/v1/cases/{caseId}/invitations/{invitationId}:revoke", {
        ...office.about(invitation.invitationId),
        body: {},
      }),
    );
    assert.equal(revoked.state, "REVOKED");
    await refused(browser.session(), 401, "CREDENTIAL_INVALID");
    assert.equal((await ok(new Browser().open(token))).state, "REVOKED");

    assert.deepEqual(await office.notes(), [
      "The portal access of Ada Lovelace was revoked.",
      "Ada Lovelace handed in payslip.pdf.",
      "Ada Lovelace entered the portal for the first time.",
      "Ada Lovelace was invited to the portal.",
    ]);
    const events = await eventually(async () => {
      const page = await office.events();
      return page.events.some((e) => e.type === "invitation.revoked") ? page : undefined;
    }, "the events");
    const types = events.events.map((event) => event.type);
    for (const type of ["invitation.created", "invitation.accepted", "invitation.revoked"]) {
      assert.equal(types.filter((t) => t === type).length, 1, type);
    }
    assert.ok(types.filter((type) => type === "document.uploaded").length === 3);
    assert.deepEqual((await office.events(events.nextPageToken)).events, []);
  },
);

test("a download can be resumed, and asked whether it changed", async () => {
  const office = await Office.open();
  const body = pdf("x".repeat(3000));
  const stored = await upload(
    `/v1/cases/${office.caseId}/documents?filename=a.pdf`,
    body,
    office.bearer(),
  );
  const address = `${url}/v1/cases/${office.caseId}/documents/${stored.body.documentId}/content`;
  const get = (headers: Record<string, string>) =>
    fetch(address, { headers: { ...office.bearer(), ...headers } });
  const part = await get({ Range: "bytes=5-14" });
  assert.equal(part.status, 206);
  assert.equal(part.headers.get("content-range"), `bytes 5-14/${body.length}`);
  assert.deepEqual(Buffer.from(await part.arrayBuffer()), body.subarray(5, 15));
  const outdated = await get({ Range: "bytes=5-14", "If-Range": '"other"' });
  assert.equal(outdated.status, 200);
  assert.equal((await outdated.arrayBuffer()).byteLength, body.length);
  const beyond = await get({ Range: "bytes=99999-" });
  assert.equal(beyond.status, 416);
  assert.equal(beyond.headers.get("content-range"), `bytes */${body.length}`);
  const same = await get({ "If-None-Match": `"${stored.body.sha256}"` });
  assert.equal(same.status, 304);
});

test("staff see what was sent, masked, and read the feed page by page", async () => {
  const office = await Office.ready();
  await ok(office.invite(0));
  const { messages } = await eventually(async () => {
    const page = await ok(
      office.api.GET("/v1/messages", { params: { query: { caseId: office.caseId } } }),
    );
    return page.messages[0]?.state === "SENT" ? page : undefined;
  }, "the message's sending");
  assert.equal(messages[0].channel, "EMAIL");
  assert.match(messages[0].to, /^c•••@example\.com$/);
  const page = await ok(office.api.GET("/v1/events", { params: { query: { pageSize: 1 } } }));
  assert.equal(page.events.length, 1);
  const next = await ok(
    office.api.GET("/v1/events", {
      params: { query: { pageSize: 1, pageToken: page.nextPageToken } },
    }),
  );
  assert.notEqual(next.events[0].eventId, page.events[0].eventId);
});
