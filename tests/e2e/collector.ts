// An OpenTelemetry collector, as far as a test needs one: it takes spans by OTLP over gRPC.
import { createServer, type Http2Server, type ServerHttp2Stream } from "node:http2";
import { framed, messagesOf, unframed } from "./grpc.ts";

export type Span = {
  service: string; // The resource's service.name.
  traceId: string;
  spanId: string;
  parentId: string; // Empty: the first of its trace.
  name: string;
  kind: "SERVER" | "CLIENT" | "INTERNAL";
  attributes: Record<string, string>;
  failed: boolean;
  nanoseconds: bigint; // How long it took.
};

const kinds: Record<number, Span["kind"]> = { 1: "INTERNAL", 2: "SERVER", 3: "CLIENT" };
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const textsOf = (attributes: any[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue as string]));

export class Collector {
  readonly spans: Span[] = [];
  private readonly server: Http2Server = createServer();

  /** Listens where the services were told that a collector is: http://host:port. */
  static async at(endpoint: string): Promise<Collector> {
    const { hostname, port } = new URL(endpoint);
    const file = "opentelemetry/proto/collector/trace/v1/trace_service.proto";
    const types = await messagesOf(file);
    const request = types.lookupType(
      "opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest",
    );
    const collector = new Collector();
    collector.server.on("stream", (stream) => {
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("error", () => {});
      stream.on("end", () => {
        for (const message of unframed(Buffer.concat(parts))) {
          collector.take(request.decode(message));
        }
        collector.thank(stream);
      });
    });
    await new Promise<void>((resolve, reject) => {
      collector.server.once("error", reject).listen(Number(port), hostname, resolve);
    });
    return collector;
  }
  close() {
    this.server.close();
    for (const session of this.sessions) session.destroy();
  }
  private readonly sessions = new Set<{ destroy(): void }>();
  private constructor() {
    this.server.on("session", (session) => this.sessions.add(session));
  }

  private take(request: any) {
    for (const { resource, scopeSpans } of request.resourceSpans) {
      const service = textsOf(resource.attributes)["service.name"];
      for (const span of scopeSpans.flatMap((scope: any) => scope.spans)) {
        this.spans.push({
          service,
          traceId: hex(span.traceId),
          spanId: hex(span.spanId),
          parentId: hex(span.parentSpanId),
          name: span.name,
          kind: kinds[span.kind],
          attributes: textsOf(span.attributes),
          failed: span.status?.code === 2,
          nanoseconds: BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano),
        });
      }
    }
  }
  private thank(stream: ServerHttp2Stream) {
    const head = { ":status": 200, "content-type": "application/grpc" };
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.respond(head, { waitForTrailers: true });
    stream.end(framed(Buffer.alloc(0)));
  }

  of = (traceId: string) => this.spans.filter((span) => span.traceId === traceId);
}
