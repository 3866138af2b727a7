// What ./dev says of itself.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { checkout } from "./processes.ts";

test("the offset that ./dev suggests moves every port to one that nothing of ours has", () => {
  const script = 'source ./dev; printf "%s\\n" "${ports[@]}"';
  const ports = String(execFileSync("bash", ["-c", script, "dev"], { cwd: checkout }))
    .trim()
    .split("\n")
    .map(Number);
  assert.ok(ports.length > 15);
  assert.equal(new Set(ports).size, ports.length);
  const dev = readFileSync(`${checkout}dev`, "utf8");
  const suggested = Number(/GATEHOUSE_DEV_PORT_OFFSET=(\d+) \.\/dev/.exec(dev)![1]);
  const run = readFileSync(`${checkout}tests/run`, "utf8");
  const ofTests = Number(/GATEHOUSE_TEST_PORT_OFFSET:-(\d+)/.exec(run)![1]);
  const taken = new Set([...ports, ...ports.map((port) => port + ofTests)]);
  for (const port of ports) {
    assert.ok(port + suggested < 32768, `${port}: others are handed out by the kernel`);
    assert.ok(!taken.has(port + suggested), `${port} and ${port + suggested}`);
  }
});
