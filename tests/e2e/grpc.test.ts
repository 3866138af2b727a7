// Who may call what, over gRPC: a matrix over every RPC of every service, made from the
// descriptors, so that a new RPC is in it by itself.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { after, test } from "node:test";
import protobuf from "protobufjs";
import {
  Channel,
  addressOf,
  certificateOf,
  messagesOf,
  rpcs,
  services,
  textField,
  type Answer,
  type Rpc,
} from "./grpc.ts";
import { Office, newId, ok, operatorKey, type Schemas } from "./harness.ts";

const OK = 0;
const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const FAILED_PRECONDITION = 9;
const UNIMPLEMENTED = 12;
const UNAUTHENTICATED = 16;

const channel = new Channel();
after(channel.close);

const isFor = (...audience: string[]) => rpcs.filter((rpc) => !open(rpc) && meets(rpc, audience));
const meets = (rpc: Rpc, audience: string[]) => rpc.audience.some((a) => audience.includes(a));
const open = (rpc: Rpc) => rpc.audience.includes("ANYONE");
const closed = rpcs.filter((rpc) => !open(rpc));

/** Calls each RPC, and tells of all that answer otherwise than they must. */
async function each(
  which: Rpc[],
  metadata: Record<string, string>,
  expected: (answer: Answer, rpc: Rpc) => boolean,
  message: (rpc: Rpc) => Buffer = () => Buffer.alloc(0),
) {
  assert.ok(which.length > 0);
  const answers = await Promise.all(
    which.map(async (rpc) => ({
      rpc,
      answer: await channel.call(rpc.name, message(rpc), metadata),
    })),
  );
  const wrong = answers.filter(({ rpc, answer }) => !expected(answer, rpc));
  assert.deepEqual(
    wrong.map(({ rpc, answer }) => `${rpc.name}: ${answer.code} ${answer.reason}`),
    [],
  );
}
const bearer = (credential: string) => ({ authorization: `Bearer ${credential}` });
const is = (code: number, reason: string) => (answer: Answer) =>
  answer.code === code && answer.reason === reason;

async function staffToken(office: Office, scopes: Schemas["Scope"][]) {
  const actor = { id: "sam", displayName: "Sam Staff" };
  return (await ok(office.api.POST("/v1/staffTokens", { body: { actor, scopes } }))).token;
}

test("every RPC is declared for somebody, is there, and the matrix holds them all", async () => {
  assert.ok(rpcs.length > 60, `${rpcs.length} RPCs`);
  for (const rpc of rpcs) {
    assert.ok(rpc.audience.length > 0, rpc.name);
    assert.ok(services.includes(rpc.service), rpc.name);
    if (rpc.audience.includes("STAFF")) assert.ok(rpc.scope, rpc.name);
  }
  await each(rpcs, {}, (answer) => answer.code !== UNIMPLEMENTED);
});

test("without a credential nothing answers but what is for anyone", async () => {
  await each(closed, {}, is(UNAUTHENTICATED, "CREDENTIAL_MISSING"));
  const pretended = { "gatehouse-organisation": "acme", "gatehouse-request-id": "mine" };
  await each(closed, pretended, is(UNAUTHENTICATED, "CREDENTIAL_MISSING"));
  await each(rpcs.filter(open), {}, ({ code }) => code === INVALID_ARGUMENT);
});

test("a credential that is none is refused everywhere", async () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = part({ sub: "acme", kind: "SERVICE", exp: 4102444800 });
  const forged = [
    "x",
    "gh_live_x_y",
    "A".repeat(43),
    `${part({ alg: "none", typ: "JWT" })}.${claims}.`,
    `${part({ alg: "EdDSA", kid: "unknown" })}.${claims}.${"A".repeat(86)}`,
    `${part({ alg: "HS256", kid: "../../etc/passwd" })}.${claims}.${"A".repeat(43)}`,
  ];
  for (const credential of forged) {
    await each(rpcs, bearer(credential), is(UNAUTHENTICATED, "CREDENTIAL_INVALID"));
  }
  await each(closed, { authorization: "Basic YTpi" }, ({ code }) => code === UNAUTHENTICATED);
});

test("a staff token does what its scope says, and no other RPC", async () => {
  const office = await Office.open();
  const others = closed.filter((rpc) => !meets(rpc, ["STAFF"]));
  const reader = bearer(await staffToken(office, ["cases.read"]));
  await each(isFor("STAFF"), reader, ({ code, reason }, { scope }) =>
    scope === "cases.read"
      ? code === OK || code === INVALID_ARGUMENT
      : code === PERMISSION_DENIED && reason === "SCOPE_MISSING",
  );
  await each(others, reader, is(PERMISSION_DENIED, "WRONG_AUDIENCE"));
});

test("every answer, and every refusal, carries the request's id", async () => {
  const office = await Office.open();
  await each(rpcs, bearer(office.key), ({ requestId }) => /^req_\w+$/.test(requestId));
});

test("an API key opens what is for staff, and nothing that is for others", async () => {
  const office = await Office.open();
  const other = await Office.open();
  const key = bearer(office.key);
  const named = { ...key, "gatehouse-organisation": other.id };
  const others = closed.filter((rpc) => !meets(rpc, ["STAFF"]));
  await each(others, key, is(PERMISSION_DENIED, "WRONG_AUDIENCE"));
  await each(others, named, is(PERMISSION_DENIED, "WRONG_AUDIENCE"));
  // With an empty request each is answered or refused by name: no fault, and nothing missing.
  const sane = [OK, INVALID_ARGUMENT, NOT_FOUND, FAILED_PRECONDITION];
  await each(isFor("STAFF"), key, ({ code }) => sane.includes(code));
});

test("the organisation is the credential's, whatever the caller names", async () => {
  const office = await Office.ready();
  const other = await Office.ready();
  const invitation = await ok(other.invite(0, { delivery: "LINK_ONLY" }));
  const named = { ...bearer(office.key), "gatehouse-organisation": other.id };
  const aboutCase = isFor("STAFF").filter((rpc) => rpc.name.match(/Get|List|Download|Look/));
  const secrets = [other.id, other.caseId, invitation.invitationId];
  await each(
    aboutCase,
    named,
    ({ messages }) => secrets.every((secret) => !Buffer.concat(messages).includes(secret)),
    () => textField(1, other.caseId),
  );
});

test("a client's session opens its own case, and no other and nothing else", async () => {
  const office = await Office.ready();
  const other = await Office.ready();
  const { browser } = await office.enter(0);
  const session = bearer(browser.cookie.split("=")[1]);
  const others = closed.filter((rpc) => !meets(rpc, ["CLIENT"]));
  await each(others, session, is(PERMISSION_DENIED, "WRONG_AUDIENCE"));
  const ofCase = isFor("CLIENT").filter((rpc) => rpc.caseField !== undefined);
  for (const caseId of [other.caseId, newId("unknown"), ""]) {
    await each(ofCase, session, is(NOT_FOUND, "NOT_FOUND"), (rpc) =>
      textField(rpc.caseField!, caseId),
    );
  }
  await each(
    ofCase,
    session,
    ({ code }) => [OK, INVALID_ARGUMENT].includes(code),
    (rpc) => textField(rpc.caseField!, office.caseId),
  );
});

test("the operator's key creates organisations and opens none of them", async () => {
  const key = bearer(operatorKey);
  await each(isFor("OPERATOR"), key, ({ code }) => code === INVALID_ARGUMENT);
  const others = closed.filter((rpc) => !meets(rpc, ["OPERATOR"]));
  await each(others, key, is(PERMISSION_DENIED, "WRONG_AUDIENCE"));
});

test("a certificate that is not our CA's makes nobody a service", async () => {
  const folder = mkdtempSync(`${tmpdir()}/gatehouse-stranger-`);
  try {
    execFileSync("openssl", [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
      ...["-subj", "/CN=gateway", "-addext", "subjectAltName=DNS:gateway", "-days", "1"],
      ...["-keyout", `${folder}/key`, "-out", `${folder}/cert`],
    ]);
    const tls = { cert: readFileSync(`${folder}/cert`), key: readFileSync(`${folder}/key`) };
    for (const rpc of isFor("SERVICE")) {
      const stranger = new Channel(addressOf(rpc.service), tls);
      const call = stranger.call(rpc.name, Buffer.alloc(0), { "gatehouse-organisation": "acme" });
      await assert.rejects(call, rpc.name); // Not even a connection.
      stranger.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("an address that is written in another way is no method", async () => {
  const key = bearer((await Office.open()).key);
  for (const path of [
    "/gatehouse.cases.v1.CaseDirectory/lookupcase",
    "//gatehouse.cases.v1.CaseDirectory/LookUpCase",
    "/gatehouse.cases.v1.CaseDirectory/LookUpCase/",
    "/gatehouse.cases.v1.CaseDirectory/LookUpCase?x=1",
    "/gatehouse.cases.v1.Cases/../CaseDirectory/LookUpCase",
    "/gatehouse.cases.v1.CaseDirectory%2fLookUpCase",
    "/gatehouse.cases.v1.Unknown/Call",
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    "/",
  ]) {
    const { code } = await channel.call(path, Buffer.alloc(0), key);
    assert.equal(code, UNIMPLEMENTED, path);
  }
  const peer = new Channel(addressOf("cases"), certificateOf("gateway"));
  const { code } = await peer.call("gatehouse.identity.v1.Principals/ExchangeCredential");
  assert.equal(code, UNIMPLEMENTED);
  peer.close();
});

test("a message that is none is refused, and the connection goes on", async () => {
  const key = bearer((await Office.open()).key);
  const garbage = Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]);
  const answer = await channel.call("gatehouse.cases.v1.Cases/GetCase", garbage, key);
  assert.equal(answer.code, INVALID_ARGUMENT);
  const again = await channel.call("gatehouse.cases.v1.Cases/ListCases", undefined, key);
  assert.equal(again.code, OK);
});

test("each service answers whether it can be called", async () => {
  const { HealthCheckRequest: Request, HealthCheckResponse: Response } = (
    await messagesOf("grpc/health/v1/health.proto")
  ).lookup("grpc.health.v1") as any;
  const SERVING = 1;
  const check = async (by: Channel, service: string) => {
    const request = Request.encode({ service }).finish();
    const { code, messages } = await by.call("grpc.health.v1.Health/Check", request);
    return code === OK ? (Response.decode(messages[0]).status as number) : `code ${code}`;
  };
  // A stranger asks whether anything can be called, a peer each service about its own.
  assert.equal(await check(channel, ""), SERVING);
  assert.equal(await check(channel, "no.such.Service"), `code ${NOT_FOUND}`);
  for (const name of services) {
    const peer = new Channel(addressOf(name), certificateOf("gateway"));
    const own = rpcs.filter((rpc) => rpc.service === name).map((rpc) => rpc.name.split("/")[0]);
    for (const service of ["", "liveness", ...new Set(own)]) {
      assert.equal(await check(peer, service), SERVING, `${name}: ${service}`);
    }
    assert.equal(await check(peer, "no.such.Service"), `code ${NOT_FOUND}`);
    peer.close();
  }
});

test("reflection tells a CRM's tools what all services have", async () => {
  const reflection = protobuf.parse(`
    syntax = "proto3";
    message Request { string file_containing_symbol = 4; string list_services = 7; }
    message Response { Files files = 4; List list = 6; }
    message Files { repeated bytes file = 1; }
    message List { repeated Service service = 1; }
    message Service { string name = 1; }
  `).root;
  const [Request, Response] = ["Request", "Response"].map((name) => reflection.lookupType(name));
  const path = "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
  const ask = async (request: object) => {
    const answer = await channel.call(path, Request.encode(request).finish());
    assert.equal(answer.code, OK);
    return Response.decode(answer.messages[0]) as any;
  };
  const listed = (await ask({ listServices: "*" })).list.service.map((s: any) => s.name);
  const ours = rpcs.map((rpc) => rpc.name.split("/")[0]);
  const own = [...new Set([...ours, "grpc.health.v1.Health", path.split("/")[0]])];
  assert.deepEqual(listed.sort(), own.sort());
  for (const service of own) {
    const { files } = await ask({ fileContainingSymbol: service });
    assert.ok(files.file.length > 0, service);
  }
});
