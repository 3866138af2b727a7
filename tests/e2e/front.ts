// A front of one's own, with services behind it that do as a test says: what it passes on, and what
// it keeps away.
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { once } from "node:events";
import {
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { connect as connectTls } from "node:tls";
import { fileURLToPath } from "node:url";
import { Channel, authority, certificateOf, framed, services } from "./grpc.ts";
import { eventually, setting } from "./harness.ts";

export type Handler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/** What a handler answers where nothing else is wanted. */
export function answer(stream: ServerHttp2Stream, message = Buffer.from("answer"), code = 0) {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () =>
    stream.sendTrailers({ "grpc-status": String(code), "grpc-message": "as said" }),
  );
  stream.end(framed(message));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

export class Front {
  /** A copy of a real one's certificate, which a test may replace. */
  readonly certificates = mkdtempSync(`${tmpdir()}/gatehouse-front-`);
  /** Where it keeps its sockets. */
  private readonly work = mkdtempSync(`${tmpdir()}/gatehouse-front-`);
  handler: Handler = (stream) => answer(stream);
  /** Each call that arrived: where, and with which metadata. */
  arrived: { service: string; headers: IncomingHttpHeaders; connection: number; peer: string }[] =
    [];
  address = "";
  operations = "";
  private readonly servers = new Map<string, Http2SecureServer>();
  private readonly ports = new Map<string, number>();
  private readonly sessions = new Map<string, Set<ServerHttp2Session>>();
  private process!: ChildProcess;
  private connections = 0;

  static async start(more: Record<string, string> = {}): Promise<Front> {
    const front = new Front();
    cpSync(`${dirname(setting("GATEHOUSE_CA_FILE"))}/front`, front.certificates, {
      recursive: true,
    });
    for (const name of services) {
      front.ports.set(name, await freePort());
      await front.open(name);
    }
    front.address = `127.0.0.1:${await freePort()}`;
    front.operations = `127.0.0.1:${await freePort()}`;
    const addresses = services.map((name) => [
      `GATEHOUSE_${name.toUpperCase()}_ADDRESS`,
      `127.0.0.1:${front.ports.get(name)}`,
    ]);
    const program = fileURLToPath(new URL("../../deploy/front/run", import.meta.url));
    front.process = spawn(program, {
      stdio: ["ignore", "ignore", "inherit"],
      env: {
        PATH: process.env.PATH,
        GATEHOUSE_LISTEN: front.address,
        GATEHOUSE_OPERATIONS_LISTEN: front.operations,
        GATEHOUSE_TLS_DIR: front.certificates,
        TMPDIR: front.work,
        ...Object.fromEntries(addresses),
        ...more,
      },
    });
    await eventually(() => front.page("readyz"), "the front");
    return front;
  }

  /** A service that is there, again. */
  async open(name: string) {
    const server = createSecureServer({
      ...certificateOf(name),
      ca: authority,
      requestCert: true,
      rejectUnauthorized: true,
    });
    const sessions = new Set<ServerHttp2Session>();
    this.sessions.set(name, sessions);
    server.on("session", (session) => {
      const connection = ++this.connections;
      sessions.add(session);
      session.on("close", () => sessions.delete(session));
      session.on("error", () => {});
      session.on("stream", (stream, headers) => {
        stream.on("error", () => {});
        const certificate = (session.socket as any).getPeerCertificate();
        this.arrived.push({ service: name, headers, connection, peer: certificate.subject.CN });
        this.handler(stream, headers);
      });
    });
    server.listen(this.ports.get(name), "127.0.0.1");
    await once(server, "listening");
    this.servers.set(name, server);
  }
  /** A service that is away: nobody listens, and whoever was connected is not any more. */
  async close(name: string) {
    const server = this.servers.get(name)!;
    server.close();
    for (const session of this.sessions.get(name)!) session.destroy();
  }

  async page(name: string): Promise<string | undefined> {
    assert.equal(this.process.exitCode, null, "the front has ended");
    const page = await fetch(`http://${this.operations}/${name}`).catch(() => undefined);
    return page?.ok ? page.text() : undefined;
  }
  portOf = (name: string) => this.ports.get(name);
  channel = (localAddress?: string) => new Channel(this.address, { localAddress } as object);
  /** A caller from any address of the world: as the front's own first half, which counts the
   * connections, says it to the second, which counts the calls. */
  channelFrom(address: string): Channel {
    const [run] = readdirSync(this.work);
    const socket = connect(`${this.work}/${run}/calls`);
    const family = address.includes(":") ? "TCP6" : "TCP4";
    const own = family === "TCP6" ? "2001:db8:ffff::1" : "192.0.2.1";
    socket.write(`PROXY ${family} ${address} ${own} 4711 443\r\n`);
    const secured = connectTls({ socket, ca: authority, ALPNProtocols: ["h2"], host: "127.0.0.1" });
    return new Channel(this.address, { createConnection: () => secured });
  }
  signal = (signal: NodeJS.Signals) => this.process.kill(signal);
  get ended() {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }
  async stop() {
    this.process.kill("SIGTERM");
    for (const name of services) await this.close(name);
    for (const folder of [this.certificates, this.work]) {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
