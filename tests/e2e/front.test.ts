// The front by itself, with services behind it that do as each test says: every shape of a call
// passes, nothing that a stranger says of himself does, and nobody takes more than a share.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { after, beforeEach, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { fileURLToPath } from "node:url";
import { Front, answer } from "./front.ts";
import { authority, framed, services, unframed, type Channel } from "./grpc.ts";
import { eventually, setting } from "./harness.ts";
import { pause } from "./processes.ts";

const [OK, NOT_FOUND, EXHAUSTED, UNIMPLEMENTED, UNAVAILABLE] = [0, 5, 8, 12, 14];
const front = await Front.start();
const channel = front.channel();
after(async () => {
  channel.close();
  await front.stop();
});
beforeEach(() => {
  front.handler = (stream) => answer(stream);
  front.arrived = [];
});

const getCase = "gatehouse.cases.v1.Cases/GetCase";
/** A call whose messages the test sends and reads itself. */
function open(name: string, metadata: Record<string, string> = {}, by: Channel = channel) {
  const stream = by.session.request({
    ":method": "POST",
    ":path": `/${name}`,
    "content-type": "application/grpc",
    te: "trailers",
    ...metadata,
  });
  stream.on("error", () => {});
  return stream;
}

// ---- where a call goes -------------------------------------------------------------------------

test("a call goes to the service of its package, as `front`, with its message", async () => {
  for (const service of services) {
    front.arrived = [];
    const { code, messages } = await channel.call(`gatehouse.${service}.v1.Any/Call`);
    assert.equal(code, OK);
    assert.deepEqual(messages.map(String), ["answer"]);
    assert.deepEqual(
      front.arrived.map((call) => [call.service, call.peer]),
      [[service, "front"]],
    );
  }
});

test("health and reflection are asked of identity, which all others need", async () => {
  await channel.call("grpc.health.v1.Health/Check");
  await channel.call("grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo");
  assert.deepEqual(
    front.arrived.map((call) => call.service),
    ["identity", "identity"],
  );
});

test("what is no service of ours is no method, and what is no gRPC is refused", async () => {
  for (const path of [
    "/",
    "/gatehouse",
    "/gatehouse.unknown.v1.Any/Call",
    "/x.y/gatehouse.cases.",
  ]) {
    assert.equal((await channel.call(path)).code, UNIMPLEMENTED, path);
  }
  const stream = open(getCase, { "content-type": "text/plain" }).end("x");
  const status = await new Promise((resolve) =>
    stream.on("response", (headers) => resolve(headers[":status"])),
  );
  assert.equal(status, 415);
  assert.deepEqual(front.arrived, []);
});

/** What services say to one another about a call, as their sources name it. */
function metadataOfOurs(): string[] {
  const services = fileURLToPath(new URL("../../services", import.meta.url));
  const found = execFileSync("grep", [
    "-rhoE",
    '"gatehouse-[a-z-]+"',
    "--include=*.cpp",
    "--exclude-dir=tests",
    services,
  ]);
  return [...new Set(String(found).trim().split("\n"))].map((name) => name.slice(1, -1));
}

test("what a stranger says of himself is dropped, and his address is said", async () => {
  const said = metadataOfOurs();
  assert.ok(said.includes("gatehouse-organisation") && said.length >= 4, said.join());
  await channel.call(getCase, undefined, {
    ...Object.fromEntries(said.map((name) => [name, "192.0.2.1"])),
    authorization: "Bearer key",
    "grpc-timeout": "5S",
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "some-bin": "AAEC/w==",
    "some_other.name": "x",
  });
  const { headers } = front.arrived[0];
  const ours = Object.entries(headers).filter(([name]) => name.startsWith("gatehouse-"));
  assert.deepEqual(ours, [["gatehouse-client-address", "127.0.0.1"]]);
  assert.equal(headers.authorization, "Bearer key");
  assert.equal(headers["grpc-timeout"], "5S");
  assert.equal(headers.te, "trailers");
  assert.equal(headers.traceparent, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  assert.equal(headers["some-bin"], "AAEC/w==");
  assert.equal(headers["some_other.name"], "x");
});

// ---- every shape of a call ---------------------------------------------------------------------

test("a refusal passes with its details, before and after a message", async () => {
  front.handler = (stream) => {
    const refusal = { "grpc-status": "5", "grpc-message": "not%20there" };
    stream.respond({ ":status": 200, "content-type": "application/grpc", ...refusal });
    stream.end();
  };
  assert.equal((await channel.call(getCase)).code, NOT_FOUND);
  front.handler = (stream) => answer(stream, undefined, NOT_FOUND);
  const { code, messages } = await channel.call(getCase);
  assert.deepEqual([code, messages.length], [NOT_FOUND, 1]);
});

test("messages pass one by one, in both directions, as they are sent", async () => {
  front.handler = (stream) => {
    stream.respond(
      { ":status": 200, "content-type": "application/grpc" },
      { waitForTrailers: true },
    );
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.on("data", (part) => stream.write(part)).on("end", () => stream.end());
  };
  const stream = open("gatehouse.documents.v1.Documents/UploadDocument");
  const echoed = () =>
    new Promise<string>((resolve) =>
      stream.once("data", (part) => resolve(String(unframed(part)))),
    );
  for (const text of ["first", "second", "third"]) {
    const echo = echoed();
    stream.write(framed(Buffer.from(text)));
    assert.equal(await echo, text);
  }
  const trailers = new Promise<Record<string, unknown>>((resolve) =>
    stream.on("trailers", resolve),
  );
  stream.end();
  assert.equal((await trailers)["grpc-status"], "0");
});

test(
  "an answer that comes before the request has ended ends the call at once",
  { timeout: 5000 },
  async () => {
    front.handler = (stream) => answer(stream, undefined, NOT_FOUND);
    const stream = open("gatehouse.documents.v1.Documents/UploadDocument");
    const trailers = new Promise<Record<string, unknown>>((resolve) =>
      stream.on("trailers", resolve),
    );
    stream.write(framed(Buffer.alloc(1000)));
    assert.equal((await trailers)["grpc-status"], String(NOT_FOUND));
    stream.close();
    assert.equal((await channel.call(getCase)).code, NOT_FOUND);
  },
);

test("a caller who goes is gone for the service, too", async () => {
  let gone = 0;
  front.handler = (stream) => stream.on("close", () => ++gone);
  const stream = open(getCase);
  stream.end(framed(Buffer.alloc(0)));
  await eventually(async () => front.arrived[0], "the call");
  stream.close(8);
  await eventually(async () => (gone === 1 ? true : undefined), "the end of the call", 2);
});

test("a service that is away is UNAVAILABLE, others are not, and it may come back", async () => {
  await front.close("cases");
  const begin = Date.now();
  assert.equal((await channel.call(getCase)).code, UNAVAILABLE);
  assert.ok(Date.now() - begin < 4000, `after ${Date.now() - begin} ms`);
  assert.equal((await channel.call("gatehouse.documents.v1.Any/Call")).code, OK);
  await front.open("cases");
  assert.equal((await channel.call(getCase)).code, OK);
});

test("a service that breaks off is UNAVAILABLE", async () => {
  front.handler = (stream) => stream.session!.destroy();
  assert.equal((await channel.call(getCase)).code, UNAVAILABLE);
});

test("a service is found again when its name means another address", async () => {
  const names = mkdtempSync(`${tmpdir()}/gatehouse-names-`);
  const getent = `#!/bin/sh\ncat ${names}/$2 2>/dev/null || exec /usr/bin/getent "$@"\n`;
  writeFileSync(`${names}/getent`, getent, { mode: 0o755 });
  writeFileSync(`${names}/cases`, "127.0.0.9 STREAM cases\n");
  const moved = await Front.start({
    PATH: `${names}:${process.env.PATH}`,
    GATEHOUSE_CASES_ADDRESS: `cases:${front.portOf("cases")}`,
  });
  const caller = moved.channel();
  assert.equal((await caller.call(getCase)).code, UNAVAILABLE);
  writeFileSync(`${names}/cases`, "127.0.0.1 STREAM cases\n127.0.0.9 STREAM\n");
  await eventually(async () => {
    const again = moved.channel();
    const { code } = await again.call(getCase);
    again.close();
    return code === OK ? true : undefined;
  }, "the service");
  writeFileSync(`${names}/cases`, "");
  await eventually(async () => {
    const again = moved.channel();
    const { code } = await again.call(getCase);
    again.close();
    return code === UNAVAILABLE ? true : undefined;
  }, "that nobody is left");
  caller.close();
  await moved.stop();
  rmSync(names, { recursive: true });
});

// ---- nobody holds up another -------------------------------------------------------------------

test("calls share a connection one after the other, and never at once", async () => {
  for (let n = 0; n < 20; ++n) await channel.call(getCase);
  assert.ok(new Set(front.arrived.map((call) => call.connection)).size <= 4);
  front.arrived = [];
  const calls = Array.from({ length: 20 }, () => channel.call(getCase));
  front.handler = (stream) => setTimeout(() => answer(stream), 100);
  await Promise.all(calls);
  assert.equal(new Set(front.arrived.map((call) => call.connection)).size, 20);
});

test(
  "a download that is not read holds up no other call of its connection",
  { timeout: 5000 },
  async () => {
    front.handler = (stream, headers) => {
      if (!headers[":path"]!.includes("Download")) return answer(stream);
      answer(stream, Buffer.alloc(32 << 20));
    };
    const download = open("gatehouse.documents.v1.Documents/DownloadDocument");
    download.end(framed(Buffer.alloc(0)));
    download.pause();
    await eventually(async () => front.arrived[0], "the download");
    await pause(300);
    for (let n = 0; n < 5; ++n) {
      const { code } = await channel.call("gatehouse.documents.v1.Documents/ListDocuments");
      assert.equal(code, OK);
    }
    download.close(8);
  },
);

// ---- a share for each address ------------------------------------------------------------------

test("an address has so many connections, another one its own", async () => {
  const small = await Front.start({ GATEHOUSE_CONNECTIONS_PER_ADDRESS: "3" });
  const [host, port] = small.address.split(":");
  const held = Array.from({ length: 3 }, () =>
    connectTcp({ host, port: Number(port), localAddress: "127.0.0.2" }).on("error", () => {}),
  );
  await pause(200);
  const more = small.channel("127.0.0.2");
  await assert.rejects(more.call(getCase));
  const other = small.channel();
  assert.equal((await other.call(getCase)).code, OK);
  held.forEach((socket) => socket.destroy());
  await pause(200);
  const again = small.channel("127.0.0.2");
  assert.equal((await again.call(getCase)).code, OK);
  for (const one of [more, other, again]) one.close();
  await small.stop();
});

test("an address has so many calls at once, another one its own", async () => {
  const small = await Front.start({ GATEHOUSE_CALLS_PER_ADDRESS: "4" });
  small.handler = () => {}; // Never answers.
  const [caller, other] = [small.channel("127.0.0.2"), small.channel()];
  const held = Array.from({ length: 4 }, () => open(getCase, {}, caller));
  await eventually(async () => (small.arrived.length === 4 ? true : undefined), "four calls");
  assert.equal((await caller.call(getCase)).code, EXHAUSTED);
  small.handler = (stream) => answer(stream);
  assert.equal((await other.call(getCase)).code, OK);
  held.forEach((stream) => stream.close(8));
  await pause(200);
  assert.equal((await caller.call(getCase)).code, OK);
  for (const one of [caller, other]) one.close();
  await small.stop();
});

test("an address has so many calls a second: more wait, many more are refused", async () => {
  const small = await Front.start({ GATEHOUSE_CALLS_PER_SECOND: "5" });
  const [caller, other] = [small.channel("127.0.0.2"), small.channel()];
  const answered: number[] = [];
  const calls = Array.from({ length: 60 }, async () =>
    answered.push((await caller.call(getCase)).code),
  );
  await pause(500);
  assert.equal((await other.call(getCase)).code, OK);
  assert.ok(answered.filter((code) => code === EXHAUSTED).length > 20);
  await Promise.all(calls);
  const served = answered.filter((code) => code === OK).length;
  assert.ok(served >= 25 && served < 40, `${served} were served`);
  for (const one of [caller, other]) one.close();
  await small.stop();
});

test("a /64 is one subscriber, and an IPv4 address is one in either form", async () => {
  const small = await Front.start({ GATEHOUSE_CALLS_PER_ADDRESS: "2" });
  const channels: Channel[] = [];
  const from = (address: string) => {
    channels.push(small.channelFrom(address));
    return channels.at(-1)!;
  };
  const rows: [string[], string][] = [
    // Two who hold a subscriber's share, a third one of it; and somebody beside it.
    [["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:2::a0a"], "2001:db8:1:3::1"],
    [["2001:db8::1", "2001:db8::2", "2001:db8:0:0:1::"], "2001:db8:0:1::1"],
    [["192.0.2.7", "192.0.2.7", "192.0.2.7"], "192.0.2.8"],
    [["::ffff:198.51.100.1", "198.51.100.1", "::ffff:198.51.100.1"], "::ffff:198.51.100.2"],
    // Bytes that a line ends with, or that are no UTF-8.
    [["2001:a0a:0d0a:a::1", "2001:a0a:0d0a:a::2", "2001:a0a:0d0a:a:a0a::"], "2001:a0a:0d0a:b::1"],
    [["2001:ff80:c0:fe::1", "2001:ff80:c0:fe::ff", "2001:ff80:c0:fe:ff::"], "2001:ff80:c0:ff::1"],
  ];
  for (const [subscriber, other] of rows) {
    small.handler = () => {}; // Never answers.
    small.arrived = [];
    const held = subscriber.slice(0, 2).map((address) => open(getCase, {}, from(address)));
    await eventually(async () => (small.arrived.length === 2 ? true : undefined), "two calls");
    assert.equal((await from(subscriber[2]).call(getCase)).code, EXHAUSTED, subscriber[2]);
    small.handler = (stream) => answer(stream);
    assert.equal((await from(other).call(getCase)).code, OK, other);
    held.forEach((stream) => stream.close(8));
  }
  for (const one of channels) one.close();
  await small.stop();
});

// ---- operators ---------------------------------------------------------------------------------

test("it says that it is alive, and how many connections there are", async () => {
  assert.equal(await front.page("healthz"), "ok");
  await channel.call(getCase);
  const metrics = (await front.page("metrics"))!;
  assert.match(metrics, /^gatehouse_front_connections\{state="waiting"\} [1-9]/m);
  assert.equal(await front.page("stats"), undefined);
});

test("without a setting it does not start, and names all that it misses", () => {
  const program = fileURLToPath(new URL("../../deploy/front/run", import.meta.url));
  const env = { PATH: process.env.PATH, GATEHOUSE_LISTEN: "127.0.0.1:1" };
  try {
    execFileSync(program, { env, stdio: "pipe" });
    assert.fail("it starts");
  } catch (error) {
    const said = String((error as { stderr: Buffer }).stderr);
    for (const name of ["TLS_DIR", "OPERATIONS_LISTEN", "CASES_ADDRESS"]) {
      assert.match(said, new RegExp(`GATEHOUSE_${name} is not set`));
    }
    assert.doesNotMatch(said, /GATEHOUSE_LISTEN/);
  }
});

test("a certificate that is replaced is shown at once, and calls under way go on", async () => {
  const shown = () =>
    new Promise<string>((resolve, reject) => {
      const [host, port] = front.address.split(":");
      const socket = connectTls({ host, port: Number(port), ca: authority, ALPNProtocols: ["h2"] });
      socket.on("error", reject);
      socket.on("secureConnect", () => {
        resolve(socket.getPeerCertificate().fingerprint256);
        socket.destroy();
      });
    });
  let finish = () => {};
  front.handler = (stream) => (finish = () => answer(stream));
  const underWay = channel.call(getCase);
  await eventually(async () => front.arrived[0], "the call");
  const before = await shown();
  const script = fileURLToPath(new URL("../support/certificates.sh", import.meta.url));
  const others = `${front.certificates}/others`;
  mkdirSync(others);
  const authorities = dirname(setting("GATEHOUSE_CA_FILE"));
  for (const file of ["ca.crt", "ca.key"])
    copyFileSync(`${authorities}/${file}`, `${others}/${file}`);
  execFileSync(script, [others, "front"], { stdio: "ignore" });
  for (const file of ["tls.crt", "tls.key"]) {
    copyFileSync(`${others}/front/${file}`, `${front.certificates}/${file}`);
  }
  await eventually(
    async () => ((await shown().catch(() => "another")) !== before ? true : undefined),
    "another certificate",
    20,
  );
  finish();
  assert.equal((await underWay).code, OK);
});
