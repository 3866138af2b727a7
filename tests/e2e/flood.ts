// Strangers that send too much, too slowly, or too often: what a process holds stays bounded, and
// others are served meanwhile.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect as connectTcp, type Socket } from "node:net";
import { test } from "node:test";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { Channel, addressOf, authority } from "./grpc.ts";
import { Office, ok, url } from "./harness.ts";

const victim = "documents"; // What stands before each service's handlers is the same code.
const memoryMax = 300 << 20;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What a process of ours holds; nothing where its pid is not known. */
function memoryOf(name: string): number {
  const state = process.env.GATEHOUSE_DEV_STATE;
  if (!state) return 0;
  const pid = readFileSync(`${state}/run/${name}.pid`, "utf8").trim();
  const kilobytes = readFileSync(`/proc/${pid}/status`, "utf8").match(/VmRSS:\s+(\d+) kB/)![1];
  return Number(kilobytes) * 1024;
}

/** While `flood` runs, `ask` is answered again and again, and the process stays small. */
async function servedThrough(
  name: string,
  ask: () => Promise<void>,
  flood: () => Promise<void>,
  memory = memoryMax,
) {
  let flooding = true;
  let largest = 0;
  let served = 0;
  const asking = (async () => {
    while (flooding || served === 0) {
      await ask();
      ++served;
      largest = Math.max(largest, memoryOf(name));
    }
  })();
  const whenDone = flood().finally(() => (flooding = false));
  await Promise.all([asking, whenDone]);
  assert.ok(served > 1, "nobody else was served");
  largest = Math.max(largest, memoryOf(name));
  assert.ok(largest < memory, `${name} held ${largest >> 20} MiB`);
}

async function healthy() {
  const other = new Channel(victim);
  const { code } = await other.call("grpc.health.v1.Health/Check");
  assert.equal(code, 0);
  other.close();
}

// ---- HTTP/2, frame by frame: a client of a library would keep to the rules ---------------------

const [HEADERS, RST_STREAM, SETTINGS, CONTINUATION] = [1, 3, 4, 9];
const [END_STREAM, END_HEADERS] = [1, 4];

function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A header field that is in no table (RFC 7541, 6.2.2); its name and value may be long. */
function field(name: string, value: string): Buffer {
  const text = (bytes: Buffer) => {
    const length = [];
    let rest = bytes.length;
    if (rest < 127) {
      length.push(rest);
    } else {
      length.push(127);
      for (rest -= 127; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
      length.push(rest);
    }
    return Buffer.concat([Buffer.from(length), bytes]);
  };
  return Buffer.concat([Buffer.from([0]), text(Buffer.from(name)), text(Buffer.from(value))]);
}
const request = Buffer.concat(
  [
    [":method", "POST"],
    [":scheme", "https"],
    [":path", "/grpc.health.v1.Health/Check"],
    [":authority", "localhost"],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
  ].map(([name, value]) => field(name, value)),
);

/** A connection that has said that it speaks HTTP/2, and reads whatever comes. */
function connectHttp2(): Promise<TLSSocket> {
  const [host, port] = addressOf(victim).split(":");
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host, port: Number(port), ca: authority, ALPNProtocols: ["h2"] });
    socket.on("error", reject); // Later: the service hung up, as it may.
    socket.once("secureConnect", () => {
      socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
      socket.write(frame(SETTINGS, 0, 0, Buffer.alloc(0)));
      socket.resume();
      resolve(socket);
    });
  });
}
/** Writes, and waits where the service reads no faster, for as long as it listens. */
function write(socket: TLSSocket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed || socket.write(bytes)) return resolve();
    const events = ["drain", "close"];
    const done = () => {
      for (const event of events) socket.off(event, done);
      resolve();
    };
    for (const event of events) socket.on(event, done);
  });
}

test("metadata by the megabyte, and heads without an end, cost little", async () => {
  await servedThrough(victim, healthy, async () => {
    // Just what is allowed, too much, and a head that never ends, over and over.
    for (const size of [12 << 10, 64 << 10]) {
      const socket = await connectHttp2();
      for (let n = 0; n < 300 && !socket.destroyed; ++n) {
        const head = Buffer.concat([request, field("x", randomBytes(size / 2).toString("hex"))]);
        const id = 2 * n + 1;
        await write(
          socket,
          head.length < 16384
            ? frame(HEADERS, END_HEADERS | END_STREAM, id, head)
            : Buffer.concat([
                frame(HEADERS, END_STREAM, id, head.subarray(0, 16384)),
                ...Array.from({ length: Math.ceil(head.length / 16384) - 1 }, (_, part) => {
                  const rest = head.subarray((part + 1) * 16384, (part + 2) * 16384);
                  const last = (part + 2) * 16384 >= head.length;
                  return frame(CONTINUATION, last ? END_HEADERS : 0, id, rest);
                }),
              ]),
        );
      }
      socket.destroy();
    }
    const many = await Promise.all(Array.from({ length: 20 }, connectHttp2));
    for (const socket of many) await write(socket, frame(HEADERS, END_STREAM, 1, request));
    for (let n = 0; n < 50; ++n) {
      const part = frame(CONTINUATION, 0, 1, field("x", "a".repeat(16000)));
      for (const socket of many) await write(socket, part);
    }
    for (const socket of many) socket.destroy();
  });
  await healthy();
});

test("a thousand connections that do nothing take no other's place", async () => {
  const [host, port] = addressOf(victim).split(":");
  await servedThrough(victim, healthy, async () => {
    const idle: Socket[] = Array.from({ length: 700 }, () => connectTcp(Number(port), host));
    for (const socket of idle) socket.on("error", () => {});
    for (let n = 0; n < 300; n += 20) {
      idle.push(...(await Promise.all(Array.from({ length: 20 }, connectHttp2))));
    }
    await pause(500);
    for (const socket of idle) socket.destroy();
  });
  await healthy();
});

// ---- The gateway ----------------------------------------------------------------------------

const { hostname, port: gatewayPort } = new URL(url);
const dial = () => connectTcp(Number(gatewayPort), hostname).on("error", () => {});

test("heads and bodies that come byte by byte, and idle connections, stop nobody", async () => {
  const office = await Office.open();
  const served = async () => void (await ok(office.api.GET("/v1/cases")));
  await servedThrough("gateway", served, async () => {
    const head = `Host: x\r\nAuthorization: Bearer ${office.key}\r\n`;
    const idle = Array.from({ length: 1000 }, dial);
    const heads = Array.from({ length: 200 }, dial);
    const bodies = Array.from({ length: 200 }, dial);
    const uploads = Array.from({ length: 20 }, dial);
    for (const socket of heads) socket.write("GET /v1/cases HTTP/1.1\r\n");
    for (const socket of bodies) {
      socket.write(
        `POST /v1/staffTokens HTTP/1.1\r\n${head}` +
          "Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n{",
      );
    }
    for (const socket of uploads) {
      socket.write(
        `POST /v1/cases/${office.caseId}/documents?filename=slow.pdf HTTP/1.1\r\n${head}` +
          "Content-Type: application/pdf\r\nContent-Length: 100000\r\n\r\n%PDF-1.4\n",
      );
    }
    for (let n = 0; n < 10; ++n) {
      await pause(100);
      for (const socket of [...heads, ...bodies, ...uploads]) socket.write("a");
    }
    for (const socket of [...idle, ...heads, ...bodies, ...uploads]) socket.destroy();
  });
  // Nothing is left of the uploads that broke off.
  const path = { caseId: office.caseId };
  const { documents } = await ok(
    office.api.GET("/v1/cases/{caseId}/documents", { params: { path } }),
  );
  assert.deepEqual(documents, []);
});

// The last, since gRPC 1.51.1 keeps the memory that such calls took, hundreds of MB: only a memory
// limit of the process bounds it (docs/operations.md).
test("while streams are opened and reset by the ten thousand others are served", async () => {
  const streams = 50_000;
  await servedThrough(
    victim,
    healthy,
    async () => {
      const socket = await connectHttp2();
      const cancelled = Buffer.from([0, 0, 0, 8]);
      for (let n = 0; n < streams && !socket.destroyed;) {
        const some = [];
        for (const end = n + 500; n < end; ++n) {
          const id = 2 * n + 1;
          some.push(frame(HEADERS, END_HEADERS, id, request));
          some.push(frame(RST_STREAM, 0, id, cancelled));
        }
        await write(socket, Buffer.concat(some));
      }
      socket.destroy();
    },
    Infinity,
  );
  await healthy();
});
