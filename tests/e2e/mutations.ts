// Mutated real requests, for a minute (GATEHOUSE_FUZZ_SECONDS): whatever comes, the gateway and the
// services behind it live, answer no fault, serve others, and hold no more memory than before. A
// failure says the seed of its batch; GATEHOUSE_FUZZ_SEED begins there.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { connect } from "node:net";
import { test } from "node:test";
import { checkRaw } from "./contract.ts";
import { Office, contract, ok, pdf, setting, url } from "./harness.ts";

const seconds = Number(process.env.GATEHOUSE_FUZZ_SECONDS ?? 60);
const firstSeed = Number(process.env.GATEHOUSE_FUZZ_SEED ?? Date.now() % 1_000_000);
const batch = 200;
const atOnce = 20;
const patience = 400; // ms: what is incomplete is waited for by the gateway, not by us.
const growthMax = 64 << 20;

/** Numbers that a seed repeats (mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

// prettier-ignore
const oddities = [
  "\0", "\r", "\n", "\r\n", "\r\n\r\n", "\t", " ", "\x7f", "\xff", "\xc3\xa9", "\xc3(", "%", "%00",
  "%zz", "%2e%2e", "#", "\\", "?", "&", "=", "//", "..", ":", ";", ",", '"', "'", "{", "}",
  "[", "]",
  "null", "-1", "0", "1e999", "99999999999999999999", "\\u0000", "\\ud800", "true", "NaN", "*",
  "chunked", "identity", "gzip", "HTTP/1.0", "HTTP/2.0", "Bearer ", "Cookie: gatehouse=x\r\n",
  "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "Expect: 100-continue\r\n",
  "Connection: close\r\n", "Range: bytes=0-\r\n", "Range: bytes=5-1,-0\r\n", "If-None-Match: *\r\n",
  "Origin: https://x\r\n", "X-Forwarded-For: 1.2.3.4:5\r\n", "Forwarded: for=\"[::1]:1\"\r\n",
  "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n",
  "User-Agent: caf\xe9\t\r\n", "Content-Digest: sha-256=:x:\r\n", "Host: y\r\n",
  "a".repeat(300), "a".repeat(20_000), "[".repeat(2000), "{\"a\":".repeat(500),
];

function mutate(request: Buffer, others: Buffer[], random: (below: number) => number): Buffer {
  let bytes = Buffer.from(request);
  for (let n = 1 + random(4); n > 0; --n) {
    const at = random(bytes.length + 1);
    const end = Math.min(bytes.length, at + random(40));
    const before = bytes.subarray(0, at);
    const kinds = [
      () => {
        const changed = Buffer.from(bytes);
        if (at < changed.length) changed[at] ^= 1 << random(8);
        return changed;
      },
      () => Buffer.concat([before, bytes.subarray(end)]),
      () => Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]),
      () => {
        const odd = Buffer.from(oddities[random(oddities.length)], "latin1");
        return Buffer.concat([before, odd, bytes.subarray(random(2) ? at : end)]);
      },
      () => {
        const other = others[random(others.length)];
        return Buffer.concat([before, other.subarray(random(other.length))]);
      },
      () => before,
    ];
    bytes = kinds[random(kinds.length)]();
  }
  return bytes;
}

/** What the bytes are answered, whole or not. */
function send(bytes: Buffer): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    const done = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(done, patience);
    socket.on("data", (data) => {
      if (answer.length < 100_000) answer += data.toString("latin1");
    });
    socket.on("error", done);
    socket.on("close", done);
  });
}

/** Every status in what came, the reason beside a 5xx, and the first answer as it is declared. */
function check(answer: string, sent: Buffer, seed: number) {
  for (const match of answer.matchAll(/^HTTP\/1\.1 (5\d\d) /gm)) {
    const named = /retry-after: \d+/i.test(answer) || match[1] === "505";
    const allowed = ["503", "504", "505"].includes(match[1]) && named;
    assert.ok(allowed, `seed ${seed}: ${JSON.stringify(sent.toString("latin1"))}\n${answer}`);
  }
  const fault = checkRaw(contract, sent, answer);
  assert.equal(fault, undefined, `seed ${seed}: ${JSON.stringify(sent.toString("latin1"))}`);
}

const state = process.env.GATEHOUSE_DEV_STATE;
function pids(): Map<string, string> {
  if (!state) return new Map();
  const files = readdirSync(`${state}/run`).filter((file) => file.endsWith(".pid"));
  return new Map(files.map((file) => [file, readFileSync(`${state}/run/${file}`, "utf8").trim()]));
}
function memoryOf(pid: string): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8"); // Fails where the process is gone.
  return Number(status.match(/VmRSS:\s+(\d+) kB/)?.[1] ?? 0) * 1024;
}
const ours = ["gateway.pid", "identity.pid", "cases.pid", "invitation.pid", "notification.pid"];

const json = "Content-Type: application/json\r\n";
function withBody(head: string, body: string | Buffer): Buffer {
  const length = `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head + length), Buffer.from(body)]);
}
function chunked(head: string, body: string): Buffer {
  const chunk = `${body.length.toString(16)}\r\n${body}\r\n`;
  return Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n${chunk}0\r\n\r\n`);
}

function reads(path: string, bearer: string): Buffer[] {
  function get(target: string, more = ""): Buffer {
    return Buffer.from(`GET ${target} HTTP/1.1\r\n${bearer}${more}\r\n`);
  }
  const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const tags = 'If-None-Match: "a", W/"b"\r\n';
  return [
    get("/healthz"),
    get("/v1/cases?pageSize=5"),
    get(path, `User-Agent: Mozilla/5.0\r\ntraceparent: ${trace}\r\n`),
    get(`${path}/documents`, "X-Forwarded-For: 192.0.2.7\r\nX-Request-Id: abc\r\n"),
    get(`${path}/documents/doc_1/content`, `Range: bytes=0-5\r\n${tags}`),
    get("/v1/events?cursor=0", "Origin: https://portal.example.com\r\n"),
    get("/v1/portal/session", "Cookie: gatehouse=abc\r\nSec-Fetch-Site: same-origin\r\n"),
    Buffer.from(`HEAD ${path} HTTP/1.1\r\n${bearer}\r\n`),
    Buffer.from(`GET /v1/cases HTTP/1.0\r\n${bearer}\r\n`),
    Buffer.from(
      "OPTIONS /v1/portal/session HTTP/1.1\r\nHost: x\r\nOrigin: https://x\r\n" +
        "Access-Control-Request-Method: GET\r\n\r\n",
    ),
    Buffer.concat([get("/v1/cases"), get("/healthz"), get("/v1/cases")]),
  ];
}

function writes(path: string, bearer: string): Buffer[] {
  function to(verb: string, target: string, more = json): string {
    return `${verb} ${target} HTTP/1.1\r\n${bearer}${more}`;
  }
  const ada = { contactId: "ada", email: "ada@example.com", mobile: "+447400123456" };
  const put = JSON.stringify({ displayName: "A", contacts: [ada] });
  const file = `${path}/documents?filename=a`;
  const verify = { challengeId: "x", code: "123456" };
  return [
    withBody(to("PUT", "/v1/cases/fuzz"), put),
    chunked(to("PUT", "/v1/cases/fuzz"), put),
    withBody(to("POST", `${path}/invitations`), '{"contactId":"nobody","validateOnly":true}'),
    withBody(to("PATCH", "/v1/invitationPolicy?updateMask=linkTtl"), '{"linkTtl":"600s"}'),
    withBody(to("POST", "/v1/portal/links:open"), '{"token":"abc"}'),
    withBody(to("POST", "/v1/portal/signIn:verify"), JSON.stringify(verify)),
    withBody(to("POST", `${file}.pdf`, "Content-Type: application/pdf\r\n"), pdf()),
    chunked(to("POST", `${file}.txt`, "Content-Type: text/plain\r\n"), "hello"),
  ];
}

test("mutated requests end nobody, and are answered by no fault", async () => {
  setting("GATEHOUSE_URL");
  const office = await Office.open();
  const path = `/v1/cases/${office.caseId}`;
  const bearer = `Host: localhost\r\nAuthorization: Bearer ${office.key}\r\n`;
  const seeds = [...reads(path, bearer), ...writes(path, bearer)];
  for (const request of seeds) check(await send(request), request, 0);
  const before = pids();
  const end = Date.now() + seconds * 1000;
  let held: Map<string, number> | undefined;
  let sent = 0;
  for (let seed = firstSeed; Date.now() < end || seed === firstSeed; ++seed) {
    const random = numbers(seed);
    const mutated = Array.from({ length: batch }, () =>
      mutate(seeds[random(seeds.length)], seeds, random),
    );
    for (let at = 0; at < batch; at += atOnce) {
      const some = mutated.slice(at, at + atOnce);
      const answers = await Promise.all(some.map(send));
      answers.forEach((answer, index) => check(answer, some[index], seed));
    }
    sent += batch;
    // Alive, the same processes as before, and of use to others.
    assert.deepEqual(pids(), before, `seed ${seed}`);
    await ok(office.api.GET("/v1/cases"));
    const now = new Map(
      ours.flatMap((name) => {
        const pid = before.get(name);
        return pid ? [[name, memoryOf(pid)] as const] : [];
      }),
    );
    // The first batches fill caches and buffers.
    if (sent >= 5 * batch) held ??= now;
    for (const [name, bytes] of held ?? []) {
      const grown = now.get(name)! - bytes;
      assert.ok(grown < growthMax, `seed ${seed}: ${name} holds ${grown >> 20} MiB more`);
    }
  }
  console.log(`${sent} requests from seed ${firstSeed}`);
});
