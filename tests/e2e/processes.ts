// The processes of the Gatehouse that is up, as ./dev starts and stops them, and more of them.
import { execFile, spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import { openSync, readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const checkout = fileURLToPath(new URL("../../", import.meta.url));
export const state = process.env.GATEHOUSE_DEV_STATE ?? `${checkout}.dev`;
export function pause(ms: number) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What ./dev does, without waiting for whoever builds meanwhile. */
export function dev(script: string, ...words: string[]) {
  const source = `source ./dev; settings; ${script}`;
  return promisify(execFile)("bash", ["-c", source, "dev", ...words], { cwd: checkout });
}

export function stop(name: string, signal: string) {
  return dev('stop "$@"', name, signal);
}
export function start(name: string) {
  return dev(
    'case $1 in postgres | redis | sink) "start_$1" ;; ' +
      "front) start_front && wait_for front is_ready front ;; " +
      '*) start_service "$1" && wait_for "$1" is_ready "$1" ;; esac',
    name,
  );
}
/** To a process of ./dev that is no service of ours, and to its children: PostgreSQL has many. */
export function signal(name: string, signal: NodeJS.Signals) {
  const pid = Number(readFileSync(`${state}/run/${name}.pid`, "utf8"));
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  for (const process_ of [pid, ...children.split(" ").filter(Boolean).map(Number)]) {
    try {
      process.kill(process_, signal);
    } catch {
      // A child that has just ended.
    }
  }
}
export async function portOf(name: string) {
  return Number((await dev('port "$1"', name)).stdout);
}

const fetchDirectly = fetch; // Whatever a test puts in its place.

/** A process of a service beside the one of ./dev, with the same settings but for some. */
export class Replica {
  readonly operations: string;
  private readonly process: ChildProcess;
  private static readonly all = new Set<ChildProcess>();

  private constructor(process: ChildProcess, operations: string) {
    this.process = process;
    this.operations = operations;
    Replica.all.add(process);
    process.once("exit", () => Replica.all.delete(process));
  }

  static environment(
    name: string,
    listen: string,
    operationsPort: number,
    more: NodeJS.ProcessEnv = {},
  ): NodeJS.ProcessEnv {
    return {
      ...process.env,
      GATEHOUSE_LISTEN: listen,
      GATEHOUSE_OPERATIONS_LISTEN: `127.0.0.1:${operationsPort}`,
      GATEHOUSE_TLS_DIR: `${state}/tls/${name}`,
      ...more,
    };
  }
  /** `from` is a checkout that is built. */
  static start(
    name: string,
    env: NodeJS.ProcessEnv,
    from: string = checkout,
  ) {
    const log = openSync(`${state}/log/${name}.log`, "a");
    const stdio: StdioOptions = ["ignore", log, log];
    const process = spawn(binaryOf(name, from), { env, cwd: checkout, stdio });
    return new Replica(process, `http://${env.GATEHOUSE_OPERATIONS_LISTEN}`);
  }
  /** Runs another command of the same program to its end; what it says if it fails. */
  static async command(name: string, command: string, env: NodeJS.ProcessEnv) {
    await promisify(execFile)(binaryOf(name), [command], { env, cwd: checkout });
  }
  /** Ends what a test that failed has left. */
  static endAll() {
    for (const process of Replica.all) process.kill("SIGKILL");
  }

  get alive() {
    return this.process.exitCode === null && this.process.signalCode === null;
  }
  /** The status of /readyz or another page; 0 where nobody answers. */
  async ask(page: string): Promise<{ status: number; text: string }> {
    try {
      const answer = await fetchDirectly(`${this.operations}/${page}`);
      return { status: answer.status, text: await answer.text() };
    } catch {
      return { status: 0, text: "" };
    }
  }
  ready = async () => (await this.ask("readyz")).status === 200;
  async untilReady(seconds = 30) {
    for (const end = Date.now() + seconds * 1000; !(await this.ready()); await pause(50)) {
      if (!this.alive) throw new Error("the process has ended");
      if (Date.now() > end) throw new Error("the process is not ready");
    }
  }
  /** How many RPCs it has answered, but for questions about its health. */
  async answered(): Promise<number> {
    const { text } = await this.ask("metrics");
    return [...text.matchAll(/^gatehouse_rpcs_total\{(.*)\} (\d+)$/gm)]
      .filter(([, labels]) => !labels.includes("grpc.health"))
      .reduce((sum, [, , count]) => sum + Number(count), 0);
  }
  signal(signal: NodeJS.Signals) {
    this.process.kill(signal);
  }
  /** Its memory in MiB, and how many descriptors it has open. */
  size() {
    const rollup = readFileSync(`/proc/${this.process.pid}/smaps_rollup`, "utf8");
    return {
      memory: Math.round(Number(rollup.match(/^Rss: +(\d+)/m)![1]) / 1024),
      descriptors: readdirSync(`/proc/${this.process.pid}/fd`).length,
    };
  }
  /** Tells it to end, and waits for that; its exit code. */
  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    const exit = once(this.process, "exit");
    this.process.kill(signal);
    const [code] = await exit;
    return code as number | null;
  }
}

const binaryOf = (name: string, from: string = checkout) =>
  `${from}/build/release/services/${name}/gatehouse-${name}`;
