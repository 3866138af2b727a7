// After the journeys: no log of any service may hold a token, a code, a key, an e-mail address or a
// phone that they used.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { arrived } from "./harness.ts";

const services = ["gateway", "identity", "cases", "invitation", "notification", "documents"];
const folder = process.env.GATEHOUSE_LOGS ?? "../../.dev/log";
const logs = services.map((name) => [name, readFileSync(`${folder}/${name}.log`, "utf8")] as const);
const { mails, sms } = await arrived();
assert.ok(mails.length > 5 && sms.length > 5, "the journeys must have run");

const secrets = new Set<string>();
for (const mail of mails) for (const address of mail.to) secrets.add(address);
for (const mail of mails) secrets.add(mail.text.match(/\/i#([\w-]{43})/)?.[1] ?? mail.to[0]);
for (const text of sms) {
  secrets.add(text.to);
  secrets.add(`0${text.to.slice(3)}`);
  // A code is six digits, which a time in microseconds may hold too: in quotes or after a #.
  for (const [code] of text.body.matchAll(/\b\d{6}\b/g)) {
    secrets.add(`"${code}"`);
    secrets.add(`#${code}`);
  }
}
for (const name of ["GATEHOUSE_OPERATOR_KEY", "GATEHOUSE_SECRET_KEY", "GATEHOUSE_SMS_TOKEN"]) {
  if (process.env[name]) secrets.add(process.env[name]);
}
const shapes = [
  /gh_(live|staff)_/,
  /[Bb]earer /,
  /eyJ[\w-]{20}/,
  /gatehouse(-[0-9a-f]{12})?=[\w-]/,
  /(?<![\w-])[\w-]{43}(?![\w-])/,
  /postgres(ql)?:\/\//,
  /redis:\/\//,
];

let lines = 0;
for (const [name, log] of logs) {
  lines += log.split("\n").length;
  for (const secret of secrets) assert.ok(!log.includes(secret), `${name}'s log holds a secret`);
  for (const shape of shapes) assert.doesNotMatch(log, shape, `${name}'s log`);
  for (const line of log.split("\n")) if (line) JSON.parse(line);
}
console.log(`${lines} lines of log hold none of ${secrets.size} secrets`);
