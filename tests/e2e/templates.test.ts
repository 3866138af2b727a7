// What an organisation's messages say, and who may say it.
import assert from "node:assert/strict";
import { test } from "node:test";
import Mustache from "mustache";
import {
  Browser,
  Office,
  type Schemas,
  client,
  eventually,
  linkIn,
  mailsTo,
  ok,
  refused,
  textsTo,
  tokenOf,
} from "./harness.ts";

const about = (templateId: string) => ({ params: { path: { templateId } } });
const update = (office: Office, templateId: string, body: Schemas["TemplateChange"]) =>
  office.api.PATCH("/v1/templates/{templateId}", { ...about(templateId), body });
const read = (office: Office, templateId: string) =>
  ok(office.api.GET("/v1/templates/{templateId}", about(templateId)));
const create = (office: Office, body: Schemas["CreateTemplateRequest"]) =>
  office.api.POST("/v1/templates", { body });
const firstMail = (email: string) =>
  eventually(async () => (await mailsTo(email))[0], "the invitation's mail");

test("staff choose the e-mail template when they send an invitation [CC-11]", async () => {
  const office = await Office.ready();
  const { templateId } = await ok(
    create(office, {
      kind: "invitation",
      title: "Second mortgage",
      subject: "Once more, {{contact_name}}",
      body: "Welcome back: {{link}}\n",
    }),
  );
  const { templates } = await ok(
    office.api.GET("/v1/templates", { params: { query: { kind: "invitation" } } }),
  );
  assert.deepEqual(
    templates.map((template) => template.title),
    ["Second mortgage"],
  );
  await refused(office.invite(0, { templateId: "tpl_unknown" }), 400, "UNKNOWN_TEMPLATE");
  await refused(office.invite(0, { templateId: "sign-in-code" }), 400, "UNKNOWN_TEMPLATE");
  await ok(office.invite(0, { templateId }));
  const mail = await firstMail(office.contacts[0].email!);
  assert.equal(mail.subject, "Once more, Ada Lovelace");
  assert.match(mail.text, /^Welcome back: https/);
  const { messages } = await ok(
    office.api.GET("/v1/messages", { params: { query: { caseId: office.caseId } } }),
  );
  assert.equal(messages[0].templateId, templateId);
  assert.equal(messages[0].templateVersion, "1");
  await new Browser(office.portalUrl).enter(tokenOf(linkIn(mail.text)), office.contacts[0].mobile!);
});

test("templates are edited in the settings, previewed, and have a way back [CC-12]", async () => {
  const office = await Office.ready();
  const builtIn = await read(office, "invitation");
  assert.equal(builtIn.version, "0");
  const body = "Ours: {{link}}\n{{#case_name}}For {{case_name}}.{{/case_name}}\n";
  const preview = await ok(
    office.api.POST("/v1/templates:preview", {
      body: { kind: "invitation", body, values: { case_name: "1 Quay" } },
    }),
  );
  assert.match(preview.body, /^Ours: https.*\nFor 1 Quay\.\n$/);
  const mine = await ok(update(office, "invitation", { body }));
  assert.equal(mine.subject, builtIn.subject);
  await ok(update(office, "invitation", { subject: "Hello {{contact_name}}", etag: mine.etag }));
  await refused(
    update(office, "invitation", { body: "{{link}}", etag: mine.etag }),
    409,
    "ETAG_MISMATCH",
  );
  await ok(office.invite(0));
  const mail = await firstMail(office.contacts[0].email!);
  assert.equal(mail.subject, "Hello Ada Lovelace");
  assert.match(mail.text, /^Ours: /);
  const { versions } = await ok(
    office.api.GET("/v1/templates/{templateId}/versions", about("invitation")),
  );
  assert.deepEqual(
    versions.map(({ version, authorName }) => [version, authorName !== ""]),
    [
      ["2", true],
      ["1", true],
    ],
  );
  await ok(
    office.api.POST("/v1/templates/{templateId}:restore", {
      ...about("invitation"),
      body: { version: "1" },
    }),
  );
  assert.equal((await read(office, "invitation")).subject, builtIn.subject);
  await ok(office.api.DELETE("/v1/templates/{templateId}", about("invitation")));
  assert.equal((await read(office, "invitation")).body, builtIn.body);
  const trail = await eventually(async () => {
    const { auditEvents } = await ok(office.api.GET("/v1/auditEvents"));
    const types = auditEvents.map((event) => event.type);
    return types.includes("template.deleted") ? types : undefined;
  }, "the audit trail");
  assert.equal(trail.filter((type) => type === "template.updated").length, 3);
});

test("staff see which fields they can insert [X-5]", async () => {
  const office = await Office.open();
  const { kinds } = await ok(office.api.GET("/v1/templateKinds"));
  const invitation = kinds.find((kind) => kind.kind === "invitation")!;
  assert.deepEqual(
    invitation.tags.map((tag) => tag.name),
    [
      "contact_name",
      "case_name",
      "organisation_name",
      "sender_name",
      "expiry",
      "link",
      "documents",
      "entering",
    ],
  );
  for (const kind of kinds) {
    const body = kind.tags.map((tag) => `{{${tag.name}}} |${tag.name}|`).join("\n");
    const shown = await ok(
      office.api.POST("/v1/templates:preview", { body: { kind: kind.kind, body } }),
    );
    for (const tag of kind.tags) assert.ok(shown.body.includes(`${tag.sample} ${tag.sample}`));
  }
});

test("a template's tags cannot be edited away, nor for one mail [CC-14]", async () => {
  const office = await Office.ready();
  for (const [body, reason, fact] of [
    ["Come in", "TAG_MISSING", { tag: "link" }],
    ["{{lnk}} {{link}}", "UNKNOWN_TAG", { tag: "lnk" }],
    ["|lnk| |link|", "UNKNOWN_TAG", { tag: "lnk" }],
    ["{{#case_name}}{{link}}{{/case_name}}", "TAG_MISSING", { tag: "link" }],
    ["{{link}}\n{{#case_name}}", "TEMPLATE_MALFORMED", { line: 2 }],
  ] as const) {
    for (const answer of [
      update(office, "invitation", { body }),
      office.invite(0, { email: { body } }),
    ]) {
      const problem = await refused(answer, 400, reason);
      assert.deepEqual({ ...problem, ...fact }, problem);
    }
  }
  assert.equal((await read(office, "invitation")).version, "0");
});

test("the first mail is fixed where the organisation says so [HB-15]", async () => {
  const office = await Office.ready();
  await ok(office.api.PATCH("/v1/templateSettings", { body: { fixedKinds: ["invitation"] } }));
  await refused(update(office, "invitation", { body: "{{link}}" }), 400, "TEMPLATE_FIXED");
  await refused(
    create(office, { kind: "invitation", title: "Ours", subject: "x", body: "{{link}}" }),
    400,
    "TEMPLATE_FIXED",
  );
  await refused(office.invite(0, { email: { subject: "Mine" } }), 400, "TEMPLATE_FIXED");
  await refused(
    office.api.PATCH("/v1/invitationPolicy", { body: { email: { body: "{{link}}" } } }),
    400,
    "TEMPLATE_FIXED",
  );
  await ok(office.invite(0));
  const mail = await firstMail(office.contacts[0].email!);
  assert.equal(mail.subject, "Harbour Home Loans invites you: Lovelace: 12 Harbour Street");
});

const welcome = "CustomerInvitationFromAnotherOffice";

test("the welcome of another office's client can be written anew [HB-17] [HB-19]", async () => {
  const office = await Office.ready();
  const body = "Welcome, {{contact_name}}: sign in as you know it.\n{{link}}\n";
  await ok(update(office, welcome, { body }));
  await ok(office.invite(0, { templateId: welcome }));
  const mail = await firstMail(office.contacts[0].email!);
  assert.match(mail.text, /^Welcome, Ada Lovelace: sign in as you know it\.\r\nhttps/);
  const { messages } = await ok(office.api.GET("/v1/messages"));
  assert.equal(messages[0].template, welcome);
});

test("staff manage the templates of all kinds in one place [HB-18]", async () => {
  const office = await Office.open();
  await ok(update(office, welcome, { body: "{{link}}" }));
  await ok(update(office, "invitation.fr", { body: "Voici {{link}}" }));
  const { templates } = await ok(office.api.GET("/v1/templates"));
  assert.deepEqual(
    templates.map(({ templateId, language }) => [templateId, language]),
    [
      [welcome, ""],
      ["invitation.fr", "fr"],
    ],
  );
});

test("the welcome's title must not be changed [HB-20]", async () => {
  const office = await Office.open();
  await refused(update(office, welcome, { title: "Welcome" }), 400, "TITLE_FIXED");
  assert.equal((await read(office, welcome)).title, welcome);
});

test("templates need a permission to be seen, and another to be edited [HB-21]", async () => {
  const office = await Office.open();
  const as = async (...scopes: string[]) => {
    const { token } = await ok(
      office.api.POST("/v1/staffTokens", {
        body: {
          actor: { id: "sam", displayName: "Sam" },
          scopes,
        } as Schemas["CreateStaffTokenRequest"],
      }),
    );
    const sam = new Office();
    sam.api = client(token);
    return sam;
  };
  const reader = await as("templates.read");
  assert.equal((await read(reader, welcome)).title, welcome);
  const problem = await refused(
    update(reader, welcome, { body: "{{link}}" }),
    403,
    "SCOPE_MISSING",
  );
  assert.deepEqual({ ...problem, scope: "templates.write" }, problem);
  const other = await as("cases.read");
  await refused(other.api.GET("/v1/templates/{templateId}", about(welcome)), 403, "SCOPE_MISSING");
  const writer = await as("templates.write");
  await ok(update(writer, welcome, { body: "{{link}}" }));
});

test("an SMS says what its template says, with the tag of a code in bars", async () => {
  const office = await Office.ready();
  await ok(update(office, "sign-in-code", { body: "Votre code : |client_code_verification|" }));
  const invitation = await ok(office.invite(0, { delivery: "LINK_ONLY" }));
  const browser = new Browser(office.portalUrl);
  await browser.enter(tokenOf(invitation.link!), office.contacts[0].mobile!);
  const [sms] = await textsTo(office.contacts[0].mobile!);
  assert.match(sms.body, /^Votre code : \d{6}\n\n@office-[\w.]+ #\d{6}$/);
});

test("a mail has a text and HTML, and what clients are called is neither's code", async () => {
  const office = await Office.ready();
  office.contacts[0].givenName = "{{link}} <b>Ada</b>";
  office.contacts[0].familyName = "|link|";
  await office.putCase();
  const html = '<p>Dear {{contact_name}}, <a href="{{link}}">come in</a>.</p>';
  await refused(
    update(office, "invitation", { html: "<script>{{link}}</script>" }),
    400,
    "HTML_NOT_ALLOWED",
  );
  await refused(
    update(office, "invitation", { html: '<a href="{{contact_name}}">{{link}}</a>' }),
    400,
    "TAG_MISPLACED",
  );
  await ok(update(office, "invitation", { body: "Dear {{contact_name}}\n{{link}}\n", html }));
  await ok(office.invite(0));
  const mail = await firstMail(office.contacts[0].email!);
  assert.match(mail.text, /^Dear \{\{link\}\} <b>Ada<\/b> \|link\|\r\nhttps/);
  assert.match(
    mail.html,
    /^<p>Dear \{\{link\}\} &lt;b&gt;Ada&lt;&#x2F;b&gt; \|link\|, <a href="https:&#x2F;/,
  );
});

test("an invitation is written in the language that it is sent in", async () => {
  const office = await Office.ready();
  await ok(update(office, "invitation.fr", { subject: "Bonjour", body: "Voici : {{link}}\n" }));
  await ok(office.invite(0, { language: "fr-CA" }));
  await ok(office.invite(1, { language: "de" }));
  assert.equal((await firstMail(office.contacts[0].email!)).subject, "Bonjour");
  assert.match((await firstMail(office.contacts[1].email!)).subject, /invites you/);
});

test("what Mustache itself makes of a template is what we make of it", async () => {
  const office = await Office.open();
  const names = ["contact_name", "case_name", "sender_name", "expiry"];
  let seed = 20261128;
  const random = (below: number) => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * below);
  };
  const pick = <T>(of: T[]) => of[random(of.length)];
  const plain = ["\n", " ", "a", "<b>", "}}", "{ ", "\r\n", "ä&", "\t", "x = 'y'", "\n\n"];
  const piece = (depth: number): string => {
    const name = pick(names);
    const within = () => Array.from({ length: random(4) }, () => piece(depth + 1)).join("");
    switch (random(depth < 4 ? 7 : 4)) {
      case 0:
        return `{{${pick(["", " "])}${name}${pick(["", " "])}}}`;
      case 1:
        return `{{! ${pick(["why", "two\nlines", ""])} }}`;
      case 4:
        return `{{#${name}}}${within()}{{/${name}}}`;
      case 5:
        return `{{^ ${name} }}${within()}{{/ ${name}}}`;
      default:
        return pick(plain);
    }
  };
  for (let i = 0; i < 150; ++i) {
    const body = `{{link}}${Array.from({ length: 1 + random(12) }, () => piece(0)).join("")}`;
    const values: Record<string, string> = { link: "L", organisation_name: "O" };
    for (const name of names) values[name] = pick(["", "Ada", "<i>'\"&/`=", "{{link}}", "\n"]);
    const shown = await ok(
      office.api.POST("/v1/templates:preview", { body: { kind: "invitation", body, values } }),
    );
    const said = JSON.stringify({ body, values });
    assert.equal(shown.body, Mustache.render(body, values, {}, { escape: String }), said);
  }
});
