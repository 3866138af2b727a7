// Every answer of the gateway, as /openapi.json says it may be: its status is one of the
// operation's, its body has the schema of that status, and a refusal's reason is in the list of its
// status. A body that was taken is one that the document lets a client send. Whoever imports the
// harness has all that it fetches checked; what is sent as raw bytes is checked by `checkRaw`. What
// differs is a fault of the answer or of the document.
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

type Schema = Record<string, unknown>;
type Operation = {
  operationId: string;
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: Record<string, { schema?: Schema }> }>;
};
type Route = { verb: string; template: RegExp; operation: Operation };
export type Answer = { status: number; type: string; text: string };
type Document = {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
};

/** What the gateway says of what reaches no operation; the document's description names them. */
const outside: Record<number, string> = {
  400: "INVALID_REQUEST",
  404: "NOT_FOUND",
  405: "METHOD_NOT_ALLOWED",
  431: "INVALID_REQUEST",
  505: "INVALID_REQUEST",
};
/** Of these, those that a target which names an operation may meet before it is read. */
const beforeAny = new Set([400, 431, 505]);

export class Contract {
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true });
  private readonly compiled = new Map<Schema, ValidateFunction>();
  private readonly routes: Route[];

  constructor(text: string) {
    const own = text.replaceAll('"#/components/', '"gatehouse#/components/');
    const { paths, components } = JSON.parse(own) as Document;
    for (const [name, schema] of Object.entries(components.schemas)) {
      // A field that the document does not have is a difference too. A problem is open (RFC 9457).
      if (schema.properties && !/(Problem|Violation)$/.test(name)) {
        schema.additionalProperties ??= false;
      }
    }
    // Its declaration for CommonJS hides the function behind another default.
    (addFormats as unknown as typeof addFormats.default)(this.ajv);
    this.ajv.addSchema({ $id: "gatehouse", components });
    this.routes = Object.entries(paths).flatMap(([path, verbs]) =>
      Object.entries(verbs).map(([verb, operation]) => ({
        verb: verb.toUpperCase(),
        template: new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`),
        operation,
      })),
    );
  }

  /** What is wrong with the answer; nothing, where it is as the document says. */
  faultOf(verb: string, path: string, answer: Answer): string | undefined {
    if (!path.startsWith("/v1/") || verb === "OPTIONS") return undefined;
    const method = verb === "HEAD" ? "GET" : verb;
    // A variable takes a custom verb as well: any of the operations may have answered.
    const asked = this.routes.filter((r) => r.verb === method && r.template.test(path));
    const known = asked.length > 0;
    const own = outside[answer.status];
    if (own && (!known || beforeAny.has(answer.status)) && reasonOf(answer, verb) === own) {
      return undefined;
    }
    const faults = asked.map(({ operation }) => this.differs(operation, verb, answer));
    if (known && faults.includes(undefined)) return undefined;
    return `${verb} ${path}: ${faults[0] ?? `${answer.status}, and no operation is there`}`;
  }

  /** What the document says against a body that was taken: whoever goes by it could not send it. */
  faultOfRequest(verb: string, path: string, text: string): string | undefined {
    const asked = this.routes.filter((r) => r.verb === verb && r.template.test(path));
    const schemas = asked.flatMap<Schema>(
      ({ operation }) => operation.requestBody?.content["application/json"]?.schema ?? [],
    );
    if (schemas.length === 0 || !text) return undefined;
    const body = JSON.parse(text) as unknown;
    if (schemas.some((schema) => this.compile(schema)(body))) return undefined;
    const why = this.ajv.errorsText(this.compile(schemas[0]).errors?.slice(0, 5));
    return `${verb} ${path} took what is not declared (${why}): ${text}`;
  }

  private differs(operation: Operation, verb: string, answer: Answer): string | undefined {
    const { status, type, text } = answer;
    const response = operation.responses[status];
    if (!response) return `${operation.operationId} does not declare ${status}: ${text}`;
    if (verb === "HEAD") return undefined;
    const media = response.content?.[type] ?? response.content?.["*/*"];
    if (!media) {
      const empty = text === "" && !response.content;
      return empty ? undefined : `${operation.operationId} declares no ${type} of ${status}`;
    }
    if (!type.endsWith("json") || !media.schema || response.content?.["*/*"]) return undefined;
    const validate = this.compile(media.schema);
    if (validate(JSON.parse(text))) return undefined;
    const why = this.ajv.errorsText(validate.errors?.slice(0, 5));
    return `${operation.operationId} answers ${status} not as declared (${why}): ${text}`;
  }

  private compile(schema: Schema): ValidateFunction {
    const validate = this.compiled.get(schema) ?? this.ajv.compile(schema);
    this.compiled.set(schema, validate);
    return validate;
  }
}

function reasonOf(answer: Answer, verb: string): unknown {
  if (verb === "HEAD") return outside[answer.status]; // It has no body to say it.
  return answer.type.endsWith("json")
    ? (JSON.parse(answer.text) as { reason?: string }).reason
    : undefined;
}

/** The first of the answers to raw bytes, if it came whole, and what the bytes asked for. */
export function checkRaw(contract: Contract, sent: Buffer, received: string): string | undefined {
  const request =
    /^(?:\r\n)?([!#$%&'*+.^`|~\w-]+) (?:https?:\/\/[^/ ]*)?(\/[^ ?]*)\S* HTTP\/1\.[01]\r\n/.exec(
      sent.toString("latin1"),
    );
  const answer = /^HTTP\/1\.1 (\d{3}) [^]*?\r\n\r\n/.exec(received);
  if (!answer) return undefined;
  const [head, status] = answer;
  const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
  const text = Buffer.from(received.slice(head.length), "latin1").subarray(0, length);
  const verb = request?.[1] ?? "?";
  if (text.length < length && verb !== "HEAD") return undefined;
  return contract.faultOf(verb, pathOf(request?.[2]), {
    status: Number(status),
    type: /^content-type: ([^;\r]+)/im.exec(head)?.[1] ?? "",
    text: text.toString("utf8"),
  });
}

/** As the gateway reads it: in segments, of whatever bytes. */
function pathOf(target = "/v1/?"): string {
  const byte = (_: string, hex: string) => String.fromCharCode(parseInt(hex, 16));
  const segments = target.split("/").map((part) => part.replace(/%([0-9a-f]{2})/gi, byte));
  return segments.map((segment) => segment.replaceAll("/", "_")).join("/");
}

async function jsonOf(request: Request): Promise<string> {
  const isJson = request.headers.get("content-type")?.includes("json");
  return isJson && request.body ? request.clone().text() : "";
}

/** From here on, whatever is fetched from `url` is checked against its document. */
export async function checkAllFetched(url: string): Promise<Contract> {
  const direct = globalThis.fetch;
  const contract = new Contract(await (await direct(`${url}/openapi.json`)).text());
  globalThis.fetch = async (input, init) => {
    const address = new URL(input instanceof Request ? input.url : input, url);
    const verb = init?.method ?? (input instanceof Request ? input.method : "GET");
    if (address.origin !== new URL(url).origin) return direct(input, init);
    const sent = input instanceof Request ? await jsonOf(input) : init?.body;
    const response = await direct(input, init);
    const type = response.headers.get("content-type")?.split(";")[0] ?? "";
    const text = /json$/.test(type) ? await response.clone().text() : "";
    const path = pathOf(address.pathname);
    const fault = contract.faultOf(verb.toUpperCase(), path, {
      status: response.status,
      type,
      text,
    });
    if (fault) {
      process.exitCode = 1; // Also where the caller bears that a request fails.
      throw new Error(`not as /openapi.json says: ${fault}`);
    }
    return response;
  };
  return contract;
}
