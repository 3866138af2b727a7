// What is refused, by name, and leaves nothing behind.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { connect } from "node:net";
import { test } from "node:test";
import { checkRaw } from "./contract.ts";
import {
  Office,
  arrived,
  client,
  contact,
  contract,
  eventually,
  mailsTo,
  newId,
  ok,
  operatorKey,
  pdf,
  refused,
  upload,
  url,
  type Schemas,
} from "./harness.ts";

async function post(path: string, body: string | Buffer, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}${path}`, {
    method: "POST",
    body: body as BodyInit,
    headers: { "Content-Type": "application/json", ...headers },
  });
  const text = await response.text();
  return {
    status: response.status,
    problem: JSON.parse(text || "{}") as Record<string, any>,
    response,
  };
}

test("JSON that is malformed, nested, doubled, too large or not UTF-8 is refused", async () => {
  const bearer = { Authorization: `Bearer ${operatorKey}` };
  const bad: [string | Buffer, string | undefined][] = [
    ["{", undefined],
    ["", "organisationId"],
    ["[]", ""],
    ['{"displayName":1}', "displayName"],
    ['{"nonsense":1}', "nonsense"],
    ['{"region":"AU","region":"NZ"}', "region"],
    ['{"sessionPolicy":{"idleTimeout":"x"}}', "sessionPolicy"],
    ["[".repeat(5000) + "]".repeat(5000), undefined],
    [Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]), undefined],
  ];
  for (const [body, field] of bad) {
    const { status, problem } = await post("/v1/organisations", body, bearer);
    assert.equal(status, 400, String(body).slice(0, 40));
    assert.equal(problem.reason, "INVALID_REQUEST");
    if (field)
      assert.ok(
        problem.violations.some((v: { field: string }) => v.field === field),
        field,
      );
  }
  const large = await post("/v1/organisations", `{"displayName":"${"x".repeat(2 << 20)}"}`, bearer);
  assert.equal(large.status, 413);
  const text = await post("/v1/organisations", "{}", { ...bearer, "Content-Type": "text/plain" });
  assert.equal(text.status, 415);
});

test("addresses that lead nowhere, methods that are not there, and broken escapes", async () => {
  for (const [path, status] of [
    ["/", 400],
    ["/v1/nothing", 404],
    ["/v1/cases/%zz", 400],
    ["/v1/cases/a%00b", 400],
    ["/v1//cases", 400],
    ["/v1/cases/%2e%2e", 400],
    ["/etc/passwd", 404],
  ] as const) {
    assert.equal((await fetch(`${url}${path}`)).status, status, path);
  }
  const wrongMethod = await fetch(`${url}/v1/staffTokens`);
  assert.equal(wrongMethod.status, 405);
  assert.equal(wrongMethod.headers.get("allow"), "POST");
  const office = await Office.open();
  await refused(
    office.api.GET("/v1/cases", { params: { query: { pageToken: "!" } } }),
    400,
    "PAGE_TOKEN_INVALID",
  );
  const unknown = await fetch(`${url}/v1/cases?colour=red`, { headers: office.bearer() });
  assert.equal(unknown.status, 400);
});

/** What a raw request is answered; empty if the connection was closed without an answer. */
async function raw(request: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(url);
  const answer = await new Promise<string>((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.write(request));
    let answer = "";
    socket.on("data", (data) => (answer += data.toString("latin1")));
    socket.on("error", () => resolve(answer));
    socket.on("close", () => resolve(answer));
    setTimeout(() => socket.destroy(), 3000).unref();
  });
  assert.equal(checkRaw(contract, Buffer.from(request), answer), undefined);
  return answer;
}

test("what two servers could read in two ways is refused, and the connection closed", async () => {
  const smuggled = "GET /v1/smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
  const heads = [
    "Host: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked",
    "Host: x\r\nTransfer-Encoding: identity",
    "Host: x\r\nTransfer-Encoding: xchunked",
    "Host: x\r\nTransfer-Encoding: chunked, identity",
    "Host: x\r\nContent-Length: 1\r\nContent-Length: 2",
    "Host: x\r\nContent-Length: +5",
    "X: no host",
    "Host: x\r\nHost: y",
    "Host: x\r\nX: a\r\n folded",
    "Host: x\r\nX : space",
    "Host: x\r\nX: bare\rcr",
    "Host: x\nX: bare lf",
  ];
  for (const head of heads) {
    const answer = await raw(
      `POST /v1/portal/links:open HTTP/1.1\r\n${head}\r\n\r\n0\r\n\r\n${smuggled}`,
    );
    assert.match(answer, /^HTTP\/1\.1 400 /, head);
    assert.match(answer, /Connection: close/);
    assert.equal(answer.split("HTTP/1.1 ").length, 2, `${head}: answered once`);
  }
  assert.match(await raw("GET / HTTP/2.0\r\nHost: x\r\n\r\n"), /^HTTP\/1\.1 505 /);
  const old = await raw("GET /healthz HTTP/1.0\r\n\r\n");
  assert.match(old, /^HTTP\/1\.1 200 [^]*Connection: close[^]*alive\n$/);
  assert.match(
    await raw(`GET / HTTP/1.1\r\nHost: x\r\nX: ${"a".repeat(20000)}\r\n\r\n`),
    /^HTTP\/1\.1 431 /,
  );
  const chunks = await raw(
    "POST /v1/portal/links:open HTTP/1.1\r\nHost: x\r\n" +
      "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
  );
  assert.match(chunks, /^HTTP\/1\.1 400 /);
});

test("a document is what its bytes are, has a name, and comes whole", async () => {
  const office = await Office.open();
  const address = (name: string) =>
    `/v1/cases/${office.caseId}/documents?${new URLSearchParams({ filename: name })}`;
  const send = async (name: string, bytes: Uint8Array, type = "application/pdf") =>
    (await upload(address(name), bytes, { ...office.bearer(), "Content-Type": type })).body;
  assert.equal(
    (await send("a.pdf", Buffer.from("MZ\x90\0".padEnd(200, "\0")))).reason,
    "CONTENT_TYPE_NOT_ALLOWED",
  );
  assert.equal((await send("a.pdf.exe", pdf())).reason, "CONTENT_TYPE_NOT_ALLOWED");
  assert.equal((await send("a.png", pdf(), "image/png")).contentType, "application/pdf");
  assert.equal((await send("a.pdf", Buffer.alloc(0))).reason, "DOCUMENT_EMPTY");
  assert.equal((await send("..", pdf())).reason, "FILENAME_INVALID");
  assert.equal((await send("../../etc/pass\r\nwd.pdf", pdf())).filename, "passwd.pdf");
  await ok(office.api.PATCH("/v1/documentSettings", { body: { maxDocumentBytes: 10 } }));
  assert.equal((await send("a.pdf", pdf())).reason, "DOCUMENT_TOO_LARGE");

  const { documents } = await ok(
    office.api.GET("/v1/cases/{caseId}/documents", {
      params: { path: { caseId: office.caseId } },
    }),
  );
  assert.deepEqual(
    documents.map((document) => document.filename),
    ["passwd.pdf", "a.png"],
  );
});

test("a file's name is no path, and begins no header", async () => {
  const office = await Office.open();
  const names = {
    "../../../../etc/cron.d/evil.pdf": "evil.pdf",
    "..\\..\\windows\\evil.pdf": "evil.pdf",
    "/etc/passwd.pdf": "passwd.pdf",
    "C:\\boot.pdf": "boot.pdf",
    "a\r\nX-Injected: yes\r\n\r\n<html>.pdf": "aX-Injected_ yes_html_.pdf",
    "a\nSet-Cookie: gatehouse=evil; Path=.pdf": "aSet-Cookie_ gatehouse=evil; Path=.pdf",
    'quote";filename="evil.exe.pdf': "quote_;filename=_evil.exe.pdf",
    "gnp.\u202efdp.pdf": "gnp.fdp.pdf",
    "résumé 履歴書.pdf": "résumé 履歴書.pdf",
  };
  for (const [name, safe] of Object.entries(names)) {
    const query = new URLSearchParams({ filename: name });
    const sent = await upload(
      `/v1/cases/${office.caseId}/documents?${query}`,
      pdf(),
      office.bearer(),
    );
    assert.equal(sent.response.status, 200, name);
    assert.equal(sent.body.filename, safe);
    const answer = await raw(
      `GET /v1/cases/${office.caseId}/documents/${sent.body.documentId}/content HTTP/1.1\r\n` +
        `Host: x\r\nAuthorization: Bearer ${office.key}\r\nConnection: close\r\n\r\n`,
    );
    const [head] = answer.split("\r\n\r\n");
    const headers = head.split("\r\n").slice(1);
    assert.match(head, /^HTTP\/1\.1 200 /);
    for (const header of headers) assert.match(header, /^[\w-]+: [\x20-\x7e]*$/, name);
    assert.doesNotMatch(head, /^(x-injected|set-cookie):/im);
    assert.equal(headers.filter((header) => /^content-disposition:/i.test(header)).length, 1);
    // A quote within the name does not end it.
    const parts = head.match(/^content-disposition: attachment(.*)$/im)![1];
    assert.match(parts, /^(; filename="([^"\\]|\\.)*")?(; filename\*=UTF-8''[\w.%~-]*)?$/, parts);
  }
  for (const name of ["", ".", "..", "/", "\r\n", "\u202e", "nul\0.exe.pdf", "a.exe"]) {
    const query = new URLSearchParams({ filename: name });
    const address = `/v1/cases/${office.caseId}/documents?${query}`;
    assert.equal((await upload(address, pdf(), office.bearer())).response.status, 400, name);
  }
  // Bytes rest under names of our own.
  const blobs = process.env.GATEHOUSE_BLOB_URL?.replace("file://", "");
  for (const file of blobs ? readdirSync(blobs, { recursive: true }) : []) {
    assert.match(String(file), /^[\w/.-]+$/);
    assert.doesNotMatch(String(file), /evil|passwd|boot|\.pdf/);
  }
});

test("a line break begins no header of a mail, and adds no recipient", async () => {
  const office = await Office.ready();
  const eve = `${newId("eve")}@example.com`;
  const injected = `\r\nBcc: ${eve}\r\nX-Injected: yes\r\n\r\n<h1>Hello</h1>`;
  const known = ["from", "to", "subject", "message-id", "date", "auto-submitted", "mime-version"];
  known.push("content-type", "traceparent");
  const body = "Dear {{contact_name}},\r\n.\r\nRCPT TO:<" + eve + ">\r\n\n.\nQUIT\n{{link}}\n";
  for (const [index, subject] of [
    `Hello${injected}`,
    "Ürgent\u2028\u0085 ✉ ".repeat(14),
  ].entries()) {
    await ok(office.invite(index, { email: { subject, body } }));
    const { email } = office.contacts[index];
    const mail = await eventually(async () => (await mailsTo(email))[0], "the mail");
    assert.deepEqual(mail.to, [email]);
    assert.deepEqual([...mail.headers].sort(), known.sort());
    // One line, with every other character as it was.
    const visible = (text: string) => text.replace(/\s+/g, " ").trim();
    assert.equal(visible(mail.subject), visible(subject));
    assert.match(mail.text, /^Dear .*\r?\n\.\r?\nRCPT TO:<.*>\r?\n\r?\n\.\r?\nQUIT\r?\n/);
  }
  // A CRM's name with a line break is taken as it is, and begins no header either; but nobody can
  // be invited at such an address.
  const put = (displayName: string, change: Partial<Schemas["Contact"]>) =>
    office.api.PUT("/v1/cases/{caseId}", {
      params: { path: { caseId: office.caseId } },
      body: { displayName, kind: "deal", contacts: [contact("APPLICANT", change)] },
    });
  const odd = await ok(put(`Harbour Street${injected}`, { givenName: `Ada${injected}` }));
  const named = odd.contacts.at(-1)!;
  await ok(office.invite(0, { contactId: named.contactId }));
  const mail = await eventually(async () => (await mailsTo(named.email!))[0], "the mail");
  assert.deepEqual(mail.to, [named.email!]);
  assert.deepEqual([...mail.headers].sort(), known.sort());
  const kept = await ok(put("Harbour Street", { email: `ada@example.com${injected}` }));
  const { contactId } = kept.contacts.at(-1)!;
  const problem = await refused(office.invite(0, { contactId }), 400, "INVITATION_NOT_ALLOWED");
  assert.deepEqual(
    problem.violations!.map((violation) => violation.type),
    ["CONTACT_EMAIL_INVALID"],
  );
  const { mails } = await arrived();
  assert.ok(!mails.some((mail) => mail.to.includes(eve)), "a recipient was added");
});

test("an upload that breaks off leaves nothing", async () => {
  const office = await Office.open();
  const head =
    `POST /v1/cases/${office.caseId}/documents?filename=half.pdf HTTP/1.1\r\nHost: x\r\n` +
    `Authorization: Bearer ${office.key}\r\nContent-Type: application/pdf\r\n`;
  const { hostname, port } = new URL(url);
  for (const framing of [
    "Content-Length: 100000\r\n\r\n%PDF-1.4",
    "Transfer-Encoding: chunked\r\n\r\n8\r\n%PDF-1.4\r\n",
  ]) {
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () => {
        socket.write(head + framing);
        setTimeout(() => {
          socket.destroy();
          resolve();
        }, 200);
      });
    });
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  const { documents } = await ok(
    office.api.GET("/v1/cases/{caseId}/documents", {
      params: { path: { caseId: office.caseId } },
    }),
  );
  assert.deepEqual(documents, []);
});

test("a staff token does what its scopes say, and ends when it is revoked", async () => {
  const office = await Office.open();
  const made = await ok(
    office.api.POST("/v1/staffTokens", {
      body: {
        actor: { id: "sam", displayName: "Sam Staff" },
        scopes: ["cases.read", "staffTokens.write"],
        ttl: "900s",
      },
    }),
  );
  const staff = client(made.token);
  await ok(staff.GET("/v1/cases"));
  const missing = await refused(staff.GET("/v1/smsCredits"), 403, "SCOPE_MISSING");
  assert.equal((missing as Record<string, unknown>).scope, "credits.read");
  await refused(
    staff.POST("/v1/staffTokens", {
      body: { actor: { id: "eve", displayName: "Eve" }, scopes: ["*"] },
    }),
    403,
    "SCOPE_NOT_HELD",
  );
  await ok(
    office.api.DELETE("/v1/staffTokens/{staffTokenId}", {
      params: { path: { staffTokenId: made.staffTokenId } },
    }),
  );
  await refused(staff.GET("/v1/cases"), 401, "CREDENTIAL_INVALID");
});

test("an organisation is created once, by the operator alone", async () => {
  const body = {
    organisationId: newId("office"),
    displayName: "Acme",
    region: "AU",
    timeZone: "Australia/Sydney",
    portalUrl: "https://acme.example",
    requestId: newId("request"),
  };
  const first = await ok(client(operatorKey).POST("/v1/organisations", { body }));
  assert.equal(
    (await ok(client(operatorKey).POST("/v1/organisations", { body }))).apiKey,
    first.apiKey,
  );
  await refused(
    client(operatorKey).POST("/v1/organisations", { body: { ...body, requestId: "" } }),
    409,
    "ORGANISATION_EXISTS",
  );
  await refused(client(first.apiKey).POST("/v1/organisations", { body }), 403, "WRONG_AUDIENCE");
  await refused(client().POST("/v1/organisations", { body }), 401, "CREDENTIAL_MISSING");
  await refused(
    client("gh_live_x_y").POST("/v1/organisations", { body }),
    401,
    "CREDENTIAL_INVALID",
  );
});
