// After the journeys and the mutations: no process has refused what its RPC does not declare, and
// none has told an event that the contract lacks. A process that was restarted counts from nothing,
// so its log is read too.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { portOf, state } from "./processes.ts";

const services = ["identity", "cases", "invitation", "notification", "documents"];
const folder = process.env.GATEHOUSE_LOGS ?? `${state}/log`;
let rpcs = 0;
for (const name of services) {
  const port = await portOf(`${name}-operations`);
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  rpcs += [...metrics.matchAll(/^gatehouse_rpcs_total\{/gm)].length;
  const counted = metrics.match(/^gatehouse_undeclared_refusals_total.*$/gm);
  assert.equal(counted, null, `${name} counts ${counted?.join("\n")}`);
  const log = readFileSync(`${folder}/${name}.log`, "utf8").split("\n");
  const logged = log.filter((line) => /"(rpc|event)\.undeclared"/.test(line));
  assert.deepEqual(logged, [], `${name}'s log`);
}
assert.ok(rpcs > 10, "the journeys must have run");
console.log(`no refusal of ${rpcs} kinds of answers is undeclared`);
