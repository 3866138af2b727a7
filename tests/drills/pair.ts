// Two replicas of every service, which find one another by lists of addresses, and HAProxy before
// the gateways.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { openSync, writeFileSync } from "node:fs";
import { proxyPort } from "./address.ts";
import { Replica, pause, portOf, start, state, stop } from "../e2e/processes.ts";

export const services = [
  "identity",
  "cases",
  "notification",
  "documents",
  "invitation",
  "gateway",
] as const;
export type Name = (typeof services)[number];

export const apart = 50; // Between the ports of the two.

/** As in Kubernetes: who is told to end serves on for a while. */
async function settingsOf(more: Record<string, string>) {
  const settings: Record<string, string> = { GATEHOUSE_SHUTDOWN_DELAY_SECONDS: "3", ...more };
  for (const name of services.slice(0, -1)) {
    const port = await portOf(name);
    settings[`GATEHOUSE_${name.toUpperCase()}_ADDRESS`] =
      `${name}@ipv4:127.0.0.1:${port},127.0.0.1:${port + apart}`;
  }
  return settings;
}

/** What a proxy should do before two gateways: ask each whether it is ready, and repeat elsewhere
 *  what is safe to repeat. */
function haproxy(gateways: { port: number; operations: number }[]) {
  const server = ({ port, operations }: { port: number; operations: number }, index: number) =>
    `  server gateway${index} 127.0.0.1:${port} check port ${operations} inter 500ms fall 2 rise 1`;
  // What HAProxy answers by itself says when to come back, too.
  const error = (status: number) =>
    `  http-error status ${status} content-type application/problem+json ` +
    `string '{"status":${status}}' hdr Retry-After 1`;
  return `
defaults
  mode http
  timeout connect 1s
  timeout client 60s
  timeout server 10s
  timeout check 500ms
  timeout http-request 10s
  option http-buffer-request
  option redispatch 1
  retries 3
  retry-on conn-failure empty-response junk-response response-timeout
${[502, 503, 504].map(error).join("\n")}

frontend clients
  bind 127.0.0.1:${proxyPort}
  default_backend gateways

backend gateways
  balance roundrobin
  option httpchk GET /readyz
  acl safe method GET HEAD PUT DELETE OPTIONS
  acl named req.hdr(Idempotency-Key) -m found
  acl harmless path /v1/portal/links:open /v1/smsCredits:purchase
  http-request disable-l7-retry if !safe !named !harmless
${gateways.map(server).join("\n")}
`;
}

export class Pair {
  private readonly replicas = new Map<Name, [Replica, Replica]>();
  private readonly environments = new Map<Name, ReturnType<typeof Replica.environment>[]>();
  private proxy!: ChildProcess;

  /** In place of the processes of ./dev. */
  static async start(more: Record<string, string> = {}) {
    const pair = new Pair();
    const settings = await settingsOf(more);
    for (const name of services) {
      const [port, operations] = [await portOf(name), await portOf(`${name}-operations`)];
      await stop(name, "TERM").catch(() => {}); // It may not be up.
      const environments = [0, apart].map((more) =>
        Replica.environment(name, `127.0.0.1:${port + more}`, operations + more, settings),
      );
      pair.environments.set(name, environments);
      const both = environments.map((environment) => Replica.start(name, environment));
      pair.replicas.set(name, both as [Replica, Replica]);
    }
    for (const [first, second] of pair.replicas.values()) {
      await Promise.all([first.untilReady(), second.untilReady()]);
    }
    await pair.startProxy();
    return pair;
  }
  async end() {
    this.proxy.kill("SIGKILL");
    await Promise.all(this.all().map(({ replica }) => replica.end("SIGKILL")));
    for (const name of services) await start(name);
  }

  of(name: Name, index = 1) {
    return this.replicas.get(name)![index];
  }
  all() {
    return [...this.replicas].flatMap(([name, both]) =>
      both.map((replica, index) => ({ name: `${name} ${index}`, replica })),
    );
  }
  /** A new process in place of one that has ended; `more` settings than it had, for this once. */
  async startAgain(name: Name, index = 1, more: NodeJS.ProcessEnv = {}) {
    const fresh = this.launch(name, index, more);
    await fresh.untilReady();
  }
  /** The same, whatever becomes of it. */
  launch(name: Name, index: number, more: NodeJS.ProcessEnv) {
    const fresh = Replica.start(name, { ...this.environments.get(name)![index], ...more });
    this.replicas.get(name)![index] = fresh;
    return fresh;
  }
  /** All replicas of these, the second ones once the first ones are ready, as in Kubernetes. */
  async roll(names: readonly Name[], more: NodeJS.ProcessEnv) {
    for (const index of [0, 1]) {
      await Promise.all(
        names.map(async (name) => {
          await this.of(name, index).end("SIGTERM");
          await this.startAgain(name, index, more);
        }),
      );
    }
  }

  private async startProxy() {
    const gateways = [0, apart].map(async (more) => ({
      port: (await portOf("gateway")) + more,
      operations: (await portOf("gateway-operations")) + more,
    }));
    const file = `${state}/haproxy.cfg`;
    writeFileSync(file, haproxy(await Promise.all(gateways)));
    const log = openSync(`${state}/log/haproxy.log`, "a");
    this.proxy = spawn("haproxy", ["-db", "-f", file], { stdio: ["ignore", log, log] });
    await Promise.race([pause(1500), once(this.proxy, "exit")]);
    if (this.proxy.exitCode !== null)
      throw new Error(`HAProxy has ended: ${state}/log/haproxy.log`);
  }
}
