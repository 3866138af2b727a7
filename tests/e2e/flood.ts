// Strangers that send too much, too slowly, or too often: what a process holds stays bounded, and
// others are served meanwhile.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect as connectTcp, type Socket } from "node:net";
import { test } from "node:test";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { Channel, authority, front } from "./grpc.ts";
import { Office, ok, url } from "./harness.ts";

const stranger = "127.0.0.2"; // Another address than that of those who want to be served.
const memoryMax = 300 << 20;
const cpuSecondsMax = 8; // Of the front and of a service behind it, for one flood.
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const victims = ["front", "documents", "identity"];

/** The process of ./dev by that name and those that it has started; none where it is not known. */
function processesOf(name: string): string[] {
  const state = process.env.GATEHOUSE_DEV_STATE;
  if (!state) return [];
  const pid = readFileSync(`${state}/run/${name}.pid`, "utf8").trim();
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return [pid, ...children.split(" ").filter(Boolean)];
}
function memoryOf(name: string): number {
  return processesOf(name).reduce((sum, pid) => {
    const kilobytes = readFileSync(`/proc/${pid}/status`, "utf8").match(/RssAnon:\s+(\d+) kB/)![1];
    return sum + Number(kilobytes) * 1024;
  }, 0);
}
function cpuSecondsOf(name: string): number {
  return processesOf(name).reduce((sum, pid) => {
    const times = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
    return sum + (Number(times[11]) + Number(times[12])) / 100;
  }, 0);
}

/** While `flood` runs, `ask` is answered again and again, and the processes stay small. */
async function servedThrough(
  names: string[],
  ask: () => Promise<void>,
  flood: () => Promise<void>,
) {
  const before = names.map(cpuSecondsOf);
  const largest = names.map(memoryOf);
  let flooding = true;
  let served = 0;
  const asking = (async () => {
    while (flooding || served === 0) {
      await ask();
      ++served;
      names.forEach((name, i) => (largest[i] = Math.max(largest[i], memoryOf(name))));
    }
  })();
  await Promise.all([asking, flood().finally(() => (flooding = false))]);
  assert.ok(served > 1, "nobody else was served");
  names.forEach((name, i) => {
    const seconds = cpuSecondsOf(name) - before[i];
    console.log(`${name}: ${largest[i] >> 20} MiB, ${seconds.toFixed(1)} s of CPU`);
    assert.ok(largest[i] < memoryMax, `${name} held ${largest[i] >> 20} MiB`);
  });
  return { seconds: names.map((name, i) => cpuSecondsOf(name) - before[i]), served };
}

/** Another caller's call, which is answered within a second. */
async function healthy() {
  const other = new Channel();
  const begin = Date.now();
  const { code } = await other.call("grpc.health.v1.Health/Check");
  assert.equal(code, 0);
  assert.ok(Date.now() - begin < 1000, `after ${Date.now() - begin} ms`);
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
    [":path", "/gatehouse.documents.v1.Documents/ListDocuments"],
    [":authority", "localhost"],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
  ].map(([name, value]) => field(name, value)),
);

const [frontHost, frontPort] = front.split(":");
function dialFront(localAddress = stranger): Socket {
  return connectTcp({ host: frontHost, port: Number(frontPort), localAddress });
}

/** A connection that has said that it speaks HTTP/2, and reads whatever comes. */
function connectHttp2(address = stranger): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const tcp = dialFront(address).on("error", () => {});
    const socket = connectTls({ socket: tcp, ca: authority, ALPNProtocols: ["h2"] });
    socket.on("error", reject); // Later: the front hung up, as it may.
    socket.once("close", () => reject(new Error("closed")));
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
  await servedThrough(victims, healthy, async () => {
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

test("sixteen megabytes of a header that does not end cost nearly no CPU", async () => {
  const { seconds } = await servedThrough(victims, healthy, async () => {
    for (let n = 0; n < 4; ++n) {
      const socket = await connectHttp2();
      // A value of 16 MiB, of which the length says that more is to come.
      const start = Buffer.concat([request, Buffer.from([0, 1, 120, 127, 0x81, 0xff, 0xff, 0x07])]);
      await write(socket, frame(HEADERS, END_STREAM, 1, start));
      const part = frame(CONTINUATION, 0, 1, Buffer.alloc(16000, "a"));
      for (let sent = 0; sent < 16 << 20 && !socket.destroyed; sent += 16000) {
        await write(socket, part);
      }
      socket.destroy();
    }
  });
  assert.ok(Math.max(...seconds) < cpuSecondsMax, `${seconds} s`);
});

test("four thousand connections that do nothing take no other's place", async () => {
  const idle: (Socket | TLSSocket)[] = [];
  try {
    const { seconds } = await servedThrough(victims, healthy, async () => {
      for (let n = 0; n < 4000; n += 50) {
        const address = `127.0.0.${2 + ((n / 50) % 4)}`;
        idle.push(...Array.from({ length: 50 }, () => dialFront(address).on("error", () => {})));
        if (n < 400) idle.push(await connectHttp2(`127.0.1.${n / 50}`));
        await pause(5);
      }
      await pause(500);
    });
    assert.ok(Math.max(...seconds) < cpuSecondsMax, `${seconds} s`);
    const open = idle.filter((socket) => !socket.destroyed && !socket.readableEnded).length;
    assert.ok(open <= 4 * 256 + 8, `${open} are open`);
  } finally {
    for (const socket of idle) socket.destroy();
  }
  await healthy();
});

test("while streams are opened and reset by the ten thousand others are served", async () => {
  const streams = 40_000;
  const cancelled = Buffer.from([0, 0, 0, 8]);
  const { seconds } = await servedThrough(victims, healthy, async () => {
    let sent = 0;
    while (sent < streams) {
      const socket = await connectHttp2();
      for (let n = 0; sent < streams && !socket.destroyed && n < 20_000; sent += 500) {
        const some = [];
        for (const end = n + 500; n < end; ++n) {
          const id = 2 * n + 1;
          some.push(frame(HEADERS, END_HEADERS, id, request));
          some.push(frame(RST_STREAM, 0, id, cancelled));
        }
        await write(socket, Buffer.concat(some));
      }
      socket.destroy();
    }
  });
  assert.ok(Math.max(...seconds) < cpuSecondsMax, `${seconds} s`);
  await healthy();
});

// ---- The gateway ----------------------------------------------------------------------------

const { hostname, port: gatewayPort } = new URL(url);
const dial = () => connectTcp(Number(gatewayPort), hostname).on("error", () => {});

test("heads and bodies that come byte by byte, and idle connections, stop nobody", async () => {
  const office = await Office.open();
  const served = async () => void (await ok(office.api.GET("/v1/cases")));
  await servedThrough(["gateway"], served, async () => {
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

test("more idle connections than there is room for keep nobody out", async () => {
  const office = await Office.open();
  const served = async () => void (await ok(office.api.GET("/v1/cases")));
  await servedThrough(["gateway"], served, async () => {
    const idle: Socket[] = [];
    for (let n = 0; n < 5000; n += 250) {
      const some = Array.from({ length: 250 }, dial);
      for (const socket of some.slice(0, 100)) socket.write("GET /v1/cases HTTP/1.1\r\nHo");
      idle.push(...some);
      await pause(50);
      // A newcomer, on a connection of its own.
      const answer = await new Promise<string>((resolve) => {
        const socket = dial();
        socket.once("data", (data) => resolve(data.toString("latin1")));
        socket.once("close", () => resolve("closed"));
        socket.write("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
      });
      assert.match(answer, /^HTTP\/1\.1 200 /, `with ${n + 250} idle connections`);
    }
    for (const socket of idle) socket.destroy();
  });
});

/** How long `ask` takes, as the middle one of some. */
async function timeOf(ask: () => Promise<unknown>, times = 9): Promise<number> {
  const took: number[] = [];
  for (let n = 0; n < times; ++n) {
    const begin = performance.now();
    await ask();
    took.push(performance.now() - begin);
  }
  return took.sort((a, b) => a - b)[times >> 1];
}

test("bearers and origins that are made up leave who is signed in unharmed", async () => {
  const office = await Office.open();
  const list = () => ok(office.api.GET("/v1/cases"));
  const alone = await timeOf(list);
  let flooding = true;
  let asked = 0;
  const flood = async (index: number) => {
    while (flooding) {
      const made = randomBytes(16).toString("hex");
      const response = await fetch(`${url}/v1/cases`, {
        headers: {
          Authorization: `Bearer ${made}`,
          Origin: `https://${made}.example`,
          "X-Forwarded-For": `192.0.2.${index}`,
        },
      });
      await response.arrayBuffer();
      assert.ok([401, 429, 503].includes(response.status), String(response.status));
      ++asked;
    }
  };
  const floods = Array.from({ length: 20 }, (_, index) => flood(index));
  const amid = await timeOf(list, 101);
  flooding = false;
  await Promise.all(floods);
  console.log(
    `signed in: ${alone.toFixed(1)} ms alone, ${amid.toFixed(1)} ms amid ${asked} others`,
  );
  assert.ok(amid < 250, `${amid} ms`);
});

test("five hundred slow uploads and downloads leave a normal one twice its time", async () => {
  const upload = async (office: Office, bytes: Uint8Array) => {
    const name = randomBytes(8).toString("hex");
    const path = `/v1/cases/${office.caseId}/documents?filename=${name}.pdf`;
    const response = await fetch(`${url}${path}`, {
      method: "POST",
      body: bytes as BodyInit,
      headers: { ...office.bearer(), "Content-Type": "application/pdf" },
    });
    const body = (await response.json()) as { documentId: string };
    assert.equal(response.status, 200, JSON.stringify(body));
    return body.documentId;
  };
  const large = Buffer.concat([Buffer.from("%PDF-1.4\n"), randomBytes(4 << 20)]);
  const office = await Office.open();
  const normal = () => upload(office, large.subarray(0, 1 << 20));
  const alone = await timeOf(normal);
  // Of ten offices, each below its share of streams.
  const slow: Socket[] = [];
  for (let n = 0; n < 10; ++n) {
    const other = await Office.open();
    const path = `/v1/cases/${other.caseId}/documents`;
    const document = await upload(other, large);
    const head =
      `HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${other.key}\r\n` +
      `X-Forwarded-For: 192.0.2.${n}\r\n`;
    for (let m = 0; m < 50; ++m) {
      const socket = dial();
      slow.push(socket);
      if (m % 2 === 0) socket.pause();
      socket.write(
        m % 2 === 0
          ? `GET ${path}/${document}/content ${head}\r\n`
          : `POST ${path}?filename=slow${m}.pdf ${head}Content-Type: application/pdf\r\n` +
              "Content-Length: 1000000\r\n\r\n%PDF-1.4\n",
      );
    }
  }
  await pause(1000);
  const drip = setInterval(() => {
    for (const socket of slow) if (!socket.isPaused()) socket.write("a".repeat(1000));
  }, 500);
  const amid = await timeOf(normal);
  clearInterval(drip);
  const memory = memoryOf("gateway");
  for (const socket of slow) socket.destroy();
  console.log(
    `an upload: ${alone.toFixed(1)} ms alone, ${amid.toFixed(1)} ms amid slow ones; ` +
      `the gateway holds ${memory >> 20} MiB`,
  );
  assert.ok(memory < memoryMax, `the gateway holds ${memory >> 20} MiB`);
  // What a busy machine adds by itself.
  assert.ok(amid < 2 * alone + 20, `${alone} ms alone, ${amid} ms amid slow ones`);
});
