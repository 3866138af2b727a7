// Which service may call what: a matrix over every RPC that is for services, made from the
// descriptors. A service's port takes peers with a certificate only, and believes the first name in
// it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Channel, addressOf, certificateOf, rpcs, services, type Rpc } from "./grpc.ts";
import { Office } from "./harness.ts";

const PERMISSION_DENIED = 7;
const UNAUTHENTICATED = 16;
const peers = [...services, "gateway", "front"];
const internal = rpcs.filter((rpc) => rpc.audience.includes("SERVICE"));
const onBehalf = { "gatehouse-organisation": "acme" };

async function as<T>(peer: string, service: string, ask: (channel: Channel) => Promise<T>) {
  const channel = new Channel(addressOf(service), certificateOf(peer));
  try {
    return await ask(channel);
  } finally {
    channel.close();
  }
}
/** What a peer is answered by each of these RPCs. */
const answers = async (peer: string, which: Rpc[], metadata: Record<string, string>) =>
  Promise.all(
    which.map((rpc) =>
      as(peer, rpc.service, async (channel) => ({
        rpc,
        answer: await channel.call(rpc.name, Buffer.alloc(0), metadata),
      })),
    ),
  );

test("each RPC for services names those that may call it, and no other may", async () => {
  assert.ok(internal.length > 15);
  for (const peer of services.concat("gateway")) {
    for (const { rpc, answer } of await answers(peer, internal, onBehalf)) {
      const refused = answer.code === PERMISSION_DENIED && answer.reason === "WRONG_AUDIENCE";
      assert.equal(refused, !rpc.services.includes(peer), `${peer} → ${rpc.name}: ${answer.code}`);
    }
  }
});

test("the gateway may exchange credentials, and nothing else for itself", () => {
  const granted = internal.filter((rpc) => rpc.services.includes("gateway"));
  assert.deepEqual(granted.map((rpc) => rpc.name).sort(), [
    "gatehouse.identity.v1.Principals/ExchangeCredential",
    "gatehouse.identity.v1.Principals/ListSigningKeys",
  ]);
});

test("documents revokes no grant; notification reads names, and tells the trail", () => {
  const grants = internal.find((rpc) => rpc.name.endsWith("/RevokeGrant"))!;
  assert.ok(!grants.services.includes("documents"));
  const everybody = /(Principals\/(ExchangeCredential|ListSigningKeys)|AuditIntake\/\w+)$/;
  const others = internal.filter((rpc) => !everybody.test(rpc.name));
  const notification = others.filter((rpc) => rpc.services.includes("notification"));
  assert.deepEqual(notification.map((rpc) => rpc.name).sort(), [
    "gatehouse.cases.v1.CaseDirectory/LookUpCase",
    "gatehouse.cases.v1.VisitCalendars/LookUpVisitCalendar",
    "gatehouse.identity.v1.OrganisationDirectory/LookUpOrganisation",
  ]);
});

test("no service's right opens what is for people", async () => {
  const closed = rpcs.filter((rpc) => !rpc.audience.some((a) => a === "SERVICE" || a === "ANYONE"));
  for (const peer of services.concat("gateway")) {
    for (const { rpc, answer } of await answers(peer, closed, onBehalf)) {
      assert.equal(answer.code, PERMISSION_DENIED, `${peer} → ${rpc.name}`);
    }
  }
});

test("the front has no right of its own, whatever is passed through it", async () => {
  for (const { rpc, answer } of await answers("front", internal, onBehalf)) {
    assert.equal(answer.code, UNAUTHENTICATED, rpc.name);
    assert.equal(answer.reason, "CREDENTIAL_MISSING", rpc.name);
  }
});

test("whoever has no certificate does not get past the handshake", async () => {
  const office = await Office.open();
  for (const service of services) {
    const stranger = new Channel(addressOf(service));
    const key = { authorization: `Bearer ${office.key}` };
    await assert.rejects(stranger.call("grpc.health.v1.Health/Check", undefined, key), service);
    stranger.close();
  }
});

test("a deadline of eleven thousand years is a deadline", async () => {
  const office = await Office.open();
  const metadata = { authorization: `Bearer ${office.key}`, "grpc-timeout": "99999999H" };
  const { code } = await as("front", "cases", (channel) =>
    channel.call("gatehouse.cases.v1.Cases/ListCases", undefined, metadata),
  );
  assert.equal(code, 0);
});

test("more metadata than 16 KiB is refused, and costs no other call anything", async () => {
  const office = await Office.open();
  await as("front", "cases", async (channel) => {
    const key = { authorization: `Bearer ${office.key}` };
    for (const size of [17_000, 60_000, 120_000]) {
      const flood = { ...key, "x-flood": "x".repeat(size) };
      const call = channel.call("gatehouse.cases.v1.Cases/ListCases", undefined, flood);
      const code = await call.then((answer) => answer.code).catch(() => -1);
      assert.notEqual(code, 0, `${size} bytes`);
    }
  });
  await as("front", "cases", async (channel) => {
    const key = { authorization: `Bearer ${office.key}`, "x-much": "x".repeat(15_000) };
    const { code } = await channel.call("gatehouse.cases.v1.Cases/ListCases", undefined, key);
    assert.equal(code, 0);
  });
});
