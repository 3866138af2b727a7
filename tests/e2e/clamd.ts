// Debian's clamd, with a signature database of our own.
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./harness.ts";

export const eicar = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*";
const folder = mkdtempSync(join(tmpdir(), "gatehouse-clamd-"));
const socket = join(folder, "clamd.sock");
let clamd: ChildProcess | undefined;

function configure() {
  for (const name of ["db", "tmp"]) mkdirSync(join(folder, name), { recursive: true });
  const signature = Buffer.from(eicar.slice(0, 40)).toString("hex");
  writeFileSync(join(folder, "db/test.ndb"), `Test.EICAR:0:*:${signature}\n`);
  const lines = [
    `DatabaseDirectory ${folder}/db`,
    `LocalSocket ${socket}`,
    `TemporaryDirectory ${folder}/tmp`,
    "Foreground yes",
    "StreamMaxLength 100M",
    "MaxFileSize 100M",
    "MaxScanSize 200M",
    "AlertExceedsMax yes",
    "AlertEncrypted yes",
    "SelfCheck 0",
  ];
  writeFileSync(join(folder, "clamd.conf"), lines.join("\n") + "\n");
}

/** What GATEHOUSE_CLAMD_URL is to be. */
export async function startClamd() {
  configure();
  clamd = spawn("/usr/sbin/clamd", [`--config-file=${folder}/clamd.conf`], { stdio: "ignore" });
  await eventually(async () => (existsSync(socket) ? true : undefined), "clamd's start", 30);
  return `unix://${socket}`;
}
export async function stopClamd() {
  const running = clamd!;
  const ended = new Promise((resolve) => running.once("exit", resolve));
  running.kill("SIGKILL");
  await ended;
  rmSync(socket, { force: true });
}
/** For good. */
export async function endClamd() {
  await stopClamd();
  rmSync(folder, { recursive: true });
}
