// The services as a CRM without any of our code sees them: gRPC over HTTP/2 and TLS, through the
// front, and what the descriptors say of each RPC.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect, type ClientHttp2Session, type SecureClientSessionOptions } from "node:http2";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";
import { setting } from "./harness.ts";

const root = new URL("../../", import.meta.url);
const pathOf = (name: string) => fileURLToPath(new URL(name, root));

export const services = ["identity", "cases", "invitation", "notification", "documents"];
/** The front, behind which all services are. */
export const front = setting("GATEHOUSE_GRPC_ADDRESS");
/** A service's own port, which is for peers with a certificate. */
export const addressOf = (service: string) => setting(`GATEHOUSE_${service.toUpperCase()}_ADDRESS`);
export const authority = readFileSync(setting("GATEHOUSE_CA_FILE"));
export function certificateOf(name: string) {
  const folder = `${dirname(setting("GATEHOUSE_CA_FILE"))}/${name}`;
  return { cert: readFileSync(`${folder}/tls.crt`), key: readFileSync(`${folder}/tls.key`) };
}

export type Audience = "OPERATOR" | "STAFF" | "CLIENT" | "SERVICE" | "ANYONE";
export type Rpc = {
  name: string; // gatehouse.cases.v1.Cases/GetCase
  service: string; // cases
  audience: Audience[];
  services: string[]; // Those that may call, where SERVICE may.
  scope?: string;
  caseField?: number; // The number of the request's field that names the case.
};

/** Every RPC that a service of ours declares, by the image of all protos that the build made. */
function readRpcs(): Rpc[] {
  const buf = pathOf("tests/e2e/node_modules/.bin/buf");
  const image = pathOf("build/release/gatehouse.binpb");
  const options = { encoding: "utf8", maxBuffer: 1 << 26 } as const;
  const { file } = JSON.parse(
    execFileSync(buf, ["build", image, "-o", "-#format=json"], options),
  ) as { file: Record<string, any>[] };
  const messages = new Map<string, { field?: { name: string; number: number }[] }>();
  for (const { package: name, messageType = [] } of file) {
    for (const message of messageType) messages.set(`.${name}.${message.name}`, message);
  }
  return file
    .filter((f) => f.package.startsWith("gatehouse."))
    .flatMap((f) => (f.service ?? []).map((s: object) => ({ package: f.package, ...s })))
    .flatMap((s) =>
      s.method.map((m: Record<string, any>) => {
        const rule = m.options?.["[gatehouse.common.v1.rule]"] ?? {};
        const fields = messages.get(m.inputType)?.field ?? [];
        return {
          name: `${s.package}.${s.name}/${m.name}`,
          service: s.package.split(".")[1],
          audience: rule.audience ?? [],
          services: rule.services ?? [],
          scope: rule.scope,
          caseField: fields.find((field) => field.name === rule.caseField)?.number,
        };
      }),
    );
}
export const rpcs = readRpcs();

const googleapis = "/usr/share/gocode/src/github.com/gogo/googleapis";
/** The messages of a proto file of ours. */
export async function messagesOf(file: string): Promise<protobuf.Root> {
  const messages = new protobuf.Root();
  messages.resolvePath = (_, target) => {
    if (target.startsWith("google/rpc/")) return `${googleapis}/${target}`;
    return target === "google/protobuf/descriptor.proto"
      ? pathOf(`tests/e2e/node_modules/protobufjs/${target}`)
      : pathOf(`proto/${target}`);
  };
  return messages.load(file);
}

const errors = protobuf.parse(`
  syntax = "proto3";
  message Any { string type_url = 1; bytes value = 2; }
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }
`).root;

/** The stable reason of a refusal; empty where there is none. */
function reasonIn(details: string | undefined): string {
  if (!details) return "";
  const status = errors.lookupType("Status").decode(Buffer.from(details, "base64")) as any;
  const info = status.details.find((any: any) => any.typeUrl.endsWith("google.rpc.ErrorInfo"));
  return info ? (errors.lookupType("ErrorInfo").decode(info.value) as any).reason : "";
}

/** A string field as the wire has it; field numbers below 16, text below 128 bytes. */
export const textField = (number: number, text: string) =>
  Buffer.concat([Buffer.from([(number << 3) | 2, Buffer.byteLength(text)]), Buffer.from(text)]);

export const framed = (message: Uint8Array) => {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
};

/** The messages of a gRPC body. */
export function unframed(body: Buffer): Buffer[] {
  const messages = [];
  for (let at = 0; at + 5 <= body.length;) {
    const end = at + 5 + body.readUInt32BE(at + 1);
    messages.push(body.subarray(at + 5, end));
    at = end;
  }
  return messages;
}

export type Answer = { code: number; reason: string; requestId: string; messages: Buffer[] };

/** One connection: a stranger's to the front, where nothing else is said. */
export class Channel {
  readonly session: ClientHttp2Session;
  constructor(address = front, options: SecureClientSessionOptions = {}) {
    this.session = connect(`https://${address}`, { ca: authority, ...options });
    this.session.on("error", () => {}); // Whoever calls is told.
  }
  close = () => this.session.destroy();

  /** Calls with one message; a connection that breaks is an error. */
  call(
    name: string,
    message: Uint8Array = Buffer.alloc(0),
    metadata: Record<string, string> = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const stream = this.session.request({
        ":method": "POST",
        ":path": name.startsWith("/") ? name : `/${name}`,
        "content-type": "application/grpc",
        te: "trailers",
        "grpc-timeout": "6S", // By when a stream of events ends, too.
        ...metadata,
      });
      let head: Record<string, any> = {};
      const parts: Buffer[] = [];
      stream.on("response", (headers) => (head = { ...head, ...headers }));
      stream.on("trailers", (trailers) => (head = { ...head, ...trailers }));
      stream.on("data", (part) => parts.push(part));
      stream.on("error", reject);
      stream.on("close", () => {
        if (head["grpc-status"] === undefined) return reject(new Error(`${name}: no answer`));
        resolve({
          code: Number(head["grpc-status"]),
          reason: reasonIn(head["grpc-status-details-bin"]),
          requestId: head["x-request-id"] ?? "",
          messages: unframed(Buffer.concat(parts)),
        });
      });
      stream.end(framed(message));
    });
  }
}
