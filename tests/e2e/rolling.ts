// Every service is replaced under load without a failed request, and a schema may be newer or older
// than a program. Replaces the processes of the Gatehouse that is up, so it runs by itself:
// `npm run rolling`. With UPGRADE_FROM=FOLDER, a built checkout of an older version, also the
// upgrade from that version, and the way back.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, test, type TestContext } from "node:test";
import { promisify } from "node:util";
import {
  Browser,
  Office,
  client,
  codeTo,
  eventually,
  newId,
  ok,
  operatorKey,
  pdf,
  setting,
  sha256,
  tokenOf,
  upload,
  url,
} from "./harness.ts";
import { Replica, checkout, pause, portOf, start, stop } from "./processes.ts";

const five = ["identity", "cases", "notification", "documents", "invitation"];
const everyService = [...five, "gateway"];
// As in Kubernetes, only faster: connections are renewed often, so that clients find a new replica
// soon, and who is told to end serves on for a while.
const briskly: Record<string, string> = {
  GATEHOUSE_CONNECTION_AGE_SECONDS: "2",
  GATEHOUSE_SHUTDOWN_DELAY_SECONDS: "3",
};
// By a name that stands for both replicas.
for (const name of five) {
  briskly[`GATEHOUSE_${name.toUpperCase()}_ADDRESS`] = `localhost:${await portOf(name)}`;
}
const apart = 50; // Between the ports of two replicas that cannot share one.

type Place = { listen: string; operationsPort: number };
/** Where two replicas of a service listen. Both addresses are `localhost`'s, whose clients take
 *  turns; a gateway's clients come through an Ingress, which knows both. */
async function placesOf(name: string): Promise<[Place, Place]> {
  const [port, operations] = [await portOf(name), await portOf(`${name}-operations`)];
  const second = name === "gateway" ? `127.0.0.1:${port + apart}` : `[::1]:${port}`;
  return [
    { listen: `127.0.0.1:${port}`, operationsPort: operations },
    { listen: second, operationsPort: operations + apart },
  ];
}
const startAt = async (name: string, place: Place, from: string) => {
  const environment = Replica.environment(name, place.listen, place.operationsPort, briskly);
  const replica = Replica.start(name, environment, from);
  await replica.untilReady();
  return replica;
};

// ---- the Ingress, and what goes through it -----------------------------------------------------

type Failure = { at: string; what: string; error: string };
const fetchDirectly = fetch;

/** Sends each request to a gateway that is ready, and remembers what failed. */
class Ingress {
  private readonly gateways = new Map<string, Replica>(); // By address.
  private ready: string[] = [];
  private turn = 0;
  private watching = true;
  passed = 0;
  step = "before";
  readonly failures: Failure[] = [];

  constructor() {
    void this.watch();
    globalThis.fetch = (input, init) => this.pass(new Request(input, init));
  }
  close() {
    this.watching = false;
    globalThis.fetch = fetchDirectly;
  }
  async add(address: string, gateway: Replica) {
    this.gateways.set(address, gateway);
    await eventually(async () => this.ready.includes(address) || undefined, "the gateway's turn");
  }
  private async watch() {
    while (this.watching) {
      const asked = [...this.gateways].map(async ([address, gateway]) =>
        (await gateway.ready()) ? address : undefined,
      );
      this.ready = (await Promise.all(asked)).filter((address) => address !== undefined);
      await pause(100);
    }
  }

  private async pass(request: Request): Promise<Response> {
    if (!request.url.startsWith(url)) return fetchDirectly(request);
    const address = this.ready[this.turn++ % this.ready.length];
    const path = request.url.slice(url.length);
    const what = `${request.method} ${path.split("?")[0].replace(/[a-z]+-[0-9a-f]{12}/, "*")}`;
    try {
      const answer = await fetchDirectly(new Request(`http://${address}${path}`, request));
      ++this.passed;
      if (answer.status >= 400) this.fail(what, `${answer.status} ${await answer.clone().text()}`);
      return answer;
    } catch (error) {
      this.fail(what, String((error as Error).cause ?? error));
      throw error;
    }
  }
  fail(what: string, error: string) {
    this.failures.push({ at: this.step, what, error });
  }
}

// ---- the load ----------------------------------------------------------------------------------

/** What staff and clients do all day, each request of which must succeed. */
class Load {
  private busy = true;
  private readonly working: Promise<void>[] = [];
  private readonly ingress: Ingress;
  private readonly offices: Office[];
  rounds = 0;

  private constructor(ingress: Ingress, offices: Office[]) {
    this.ingress = ingress;
    this.offices = offices;
  }
  static async begin(ingress: Ingress): Promise<Load> {
    const offices = await Promise.all([1, 2, 3].map(() => Office.ready()));
    const load = new Load(ingress, offices);
    for (const office of offices) {
      const { browser } = await office.enter(0);
      load.keep(() => load.read(office, browser));
      load.keep(() => load.write(office, browser));
    }
    load.keep(() => load.openOffice());
    return load;
  }
  async end() {
    this.busy = false;
    await Promise.all(this.working);
  }
  /** What was written all the while is there, each once. */
  async check() {
    for (const office of this.offices) {
      const path = { caseId: office.caseId };
      const { documents } = await ok(
        office.api.GET("/v1/cases/{caseId}/documents", {
          params: { path, query: { pageSize: 1000 } },
        }),
      );
      const stored = documents
        .map((document) => document.filename)
        .filter((name) => /^up/.test(name));
      assert.deepEqual(stored.sort(), this.written.get(office)!.sort());
    }
  }
  private readonly written = new Map<Office, string[]>();

  private keep(round: () => Promise<void>) {
    this.working.push(
      (async () => {
        while (this.busy) {
          await round().catch((error: Error) => this.ingress.fail("a round", error.message));
          ++this.rounds;
          await pause(20);
        }
      })(),
    );
  }

  private async read(office: Office, browser: Browser) {
    const path = { caseId: office.caseId };
    await ok(browser.session());
    await ok(browser.api.GET("/v1/portal/cases/{caseId}", { params: { path } }));
    await ok(browser.api.GET("/v1/portal/cases/{caseId}/documents", { params: { path } }));
    await office.case();
    await office.events();
    await ok(office.api.GET("/v1/smsCredits"));
    await ok(office.api.GET("/v1/cases/{caseId}/invitations", { params: { path } }));
  }
  private async write(office: Office, browser: Browser) {
    const path = { caseId: office.caseId };
    const filename = `${newId("up")}.pdf`;
    const bytes = pdf();
    const sent = await upload(
      `/v1/portal/cases/${office.caseId}/documents?filename=${filename}`,
      bytes,
      browser.headers(),
    );
    assert.equal(sent.body.sha256, sha256(bytes));
    this.written.set(office, [...(this.written.get(office) ?? []), filename]);
    await ok(
      office.api.POST("/v1/cases/{caseId}/notes", { params: { path }, body: { text: filename } }),
    );
    // A credential that no cache knows yet.
    const { token, staffTokenId } = await ok(
      office.api.POST("/v1/staffTokens", {
        body: { actor: { id: "sam", displayName: "Sam" }, scopes: ["cases.read"] },
      }),
    );
    await ok(client(token).GET("/v1/cases"));
    await ok(
      office.api.DELETE("/v1/staffTokens/{staffTokenId}", { params: { path: { staffTokenId } } }),
    );
  }
  /** A new organisation, with a client who is invited and enters. */
  private async openOffice() {
    const office = await Office.ready();
    const invitation = await ok(office.invite(0, { delivery: "LINK_ONLY" }));
    const browser = new Browser(office.portalUrl);
    const token = tokenOf(invitation.link!);
    await ok(browser.open(token));
    const { challengeId } = await ok(browser.start(token));
    await ok(browser.verify(challengeId, await codeTo(office.contacts[0].mobile, 1, 60)));
    await ok(browser.session());
    await pause(1000); // Broad rather than heavy.
  }
}

// ---- the tests ---------------------------------------------------------------------------------

after(async () => {
  Replica.endAll();
  for (const name of everyService) await start(name);
});

/** The services of the first checkout are replaced, under load, by those of the next, and so on. */
async function replaceUnderLoad(t: TestContext, [first, ...next]: string[]) {
  const replicas = new Map<string, Replica>();
  for (const name of everyService) {
    await stop(name, "TERM");
    replicas.set(name, await startAt(name, (await placesOf(name))[0], first));
  }
  const ingress = new Ingress();
  try {
    const [{ listen }] = await placesOf("gateway");
    await ingress.add(listen, replicas.get("gateway")!);
    const load = await Load.begin(ingress);
    await pause(1000);
    for (const [index, from] of next.entries()) {
      for (const name of everyService) {
        ingress.step = `${index}, ${name}: another one`;
        const old = replicas.get(name)!;
        const place = (await placesOf(name))[(index + 1) % 2];
        const fresh = await startAt(name, place, from);
        if (name === "gateway") await ingress.add(place.listen, fresh);
        // Its clients find it when they renew their connections.
        else await eventually(async () => (await fresh.answered()) > 20 || undefined, "calls", 30);
        await pause(1000);
        ingress.step = `${index}, ${name}: the old one ends`;
        assert.equal(await old.end(), 0);
        ingress.step = `${index}, ${name}: the old one is gone`;
        replicas.set(name, fresh);
        await pause(1000);
      }
    }
    ingress.step = "after";
    await load.end();
    t.diagnostic(`${ingress.passed} requests in ${load.rounds} rounds`);
    assert.deepEqual(ingress.failures, []);
    await load.check();
  } finally {
    ingress.close();
    Replica.endAll();
  }
}

test("every service is replaced under load, and no request fails", (t) =>
  replaceUnderLoad(t, [checkout, checkout]));

const older = process.env.UPGRADE_FROM;
if (older) {
  test("an older version is upgraded under load, and put back, and no request fails", (t) =>
    replaceUnderLoad(t, [older, checkout, older]));
}

const sql = async (database: string, text: string) =>
  (await promisify(execFile)("psql", ["-XAtqc", text, database])).stdout.trim();

// The role that owns the schemas migrates; another one, without a right to that, serves.
function ownersUrl(database: string): string {
  const url = new URL(setting("GATEHOUSE_TEST_POSTGRES_URL"));
  url.pathname = `/${database}`;
  return url.href;
}

test("a program works with a schema that is newer than it", async () => {
  const database = ownersUrl("gatehouse");
  for (const name of five) {
    await sql(database, `INSERT INTO ${name}.schema_migration VALUES ('z_future.sql', 'x')`);
  }
  try {
    for (const name of everyService) await start(name); // It migrates, too, as it did before.
    const office = await Office.ready();
    const { browser } = await office.enter();
    const sent = await upload(
      `/v1/portal/cases/${office.caseId}/documents?filename=a.pdf`,
      pdf(),
      browser.headers(),
    );
    assert.equal(sent.response.status, 200);
  } finally {
    for (const name of five) {
      await sql(database, `DELETE FROM ${name}.schema_migration WHERE name = 'z_future.sql'`);
    }
  }
});

test("a program waits, alive but not ready, for the schema that it needs", async () => {
  const server = setting("GATEHOUSE_TEST_POSTGRES_URL");
  const name = newId("upgrade").replace("-", "_");
  await sql(server, `CREATE DATABASE ${name}`);
  const database = ownersUrl(name);
  const serving = new URL(database);
  serving.username = "gatehouse";
  try {
    for (const service of five) {
      const [, { operationsPort }] = await placesOf(service);
      const listen = `127.0.0.1:${(await portOf(service)) + apart}`;
      const environment = Replica.environment(service, listen, operationsPort, {
        GATEHOUSE_POSTGRES_URL: serving.href,
      });
      const replica = Replica.start(service, environment);
      const waits = async () => {
        assert.ok(replica.alive, service);
        await eventually(
          async () => (await replica.ask("readyz")).status === 503 || undefined,
          "being unready",
        );
        assert.equal((await replica.ask("healthz")).status, 200, service);
        await Replica.command(service, "probe", environment);
      };
      await eventually(
        async () => (await replica.ask("healthz")).status === 200 || undefined,
        "life",
      );
      // No schema at all, then one whose newest migration is still to come.
      await waits();
      await pause(300);
      await waits();
      await Replica.command(service, "migrate", {
        ...environment,
        GATEHOUSE_POSTGRES_URL: database,
        GATEHOUSE_POSTGRES_GRANT_TO: "gatehouse",
      });
      await replica.untilReady();
      const migrations = `${service}.schema_migration`;
      await sql(
        database,
        `CREATE TABLE public.${service} AS ` +
          `SELECT * FROM ${migrations} ORDER BY name DESC LIMIT 1;` +
          `DELETE FROM ${migrations} WHERE name IN (SELECT name FROM public.${service})`,
      );
      await waits();
      await sql(database, `INSERT INTO ${migrations} SELECT * FROM public.${service}`);
      await replica.untilReady();
      assert.equal(await replica.end(), 0, service);
    }
  } finally {
    Replica.endAll();
    await sql(server, `DROP DATABASE ${name} WITH (FORCE)`);
  }
});
