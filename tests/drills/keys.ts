// Every key is replaced while clients work, as docs/operations.md says, and no request fails. What
// each drill has replaced it puts back: the processes of ./dev go on with it.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { client, eventually, operatorKey, setting } from "../e2e/harness.ts";
import { dev, pause, portOf } from "../e2e/processes.ts";
import { drill, pair } from "./drill.ts";
import { operator } from "./load.ts";
import { services } from "./pair.ts";

const withStores = services.filter((name) => name !== "gateway");
const random = () => randomBytes(32).toString("base64url");

async function replaceSecretKeys() {
  const old = setting("GATEHOUSE_SECRET_KEY");
  const fresh = random();
  for (const keys of [`${old},${fresh}`, `${fresh},${old}`, fresh, `${old},${fresh}`]) {
    await pair.roll(withStores, { GATEHOUSE_SECRET_KEY: keys });
  }
}

/** Who is asked without a proxy between. */
async function statusOf(key: string) {
  const direct = client(key, `http://127.0.0.1:${await portOf("gateway")}`);
  const { response } = await direct.POST("/v1/organisations", {
    body: { organisationId: "Not one", displayName: "", region: "AU", timeZone: "", portalUrl: "" },
  });
  return response.status;
}

async function replaceOperatorKey() {
  const fresh = `gh_operator_${random()}`;
  await pair.roll(["identity"], { GATEHOUSE_OPERATOR_KEY: `${fresh},${operatorKey}` });
  operator.key = fresh;
  await pair.roll(["identity"], { GATEHOUSE_OPERATOR_KEY: fresh });
  await eventually(
    async () => (await statusOf(operatorKey)) === 401 || undefined,
    "the old key refused",
    2,
  );
  assert.equal(await statusOf(fresh), 400);
  await pair.roll(["identity"], { GATEHOUSE_OPERATOR_KEY: `${operatorKey},${fresh}` });
  await pause(11_000); // For ten seconds everybody remembers that it was none.
  operator.key = operatorKey;
  await pair.roll(["identity"], {});
}

/** What the SMS provider and the mail server ask for from now on. */
async function providersWant(token: string, password: string) {
  const body = JSON.stringify({ token, password });
  await fetch(`${setting("GATEHOUSE_SINK_URL")}/credentials`, { method: "POST", body });
}

async function replaceCredentials() {
  const mailAt = setting("GATEHOUSE_SMTP_URL").slice("smtp://".length);
  const signingIn = async (token: string, password: string) => {
    await providersWant(token, password);
    await pause(1000); // What is to leave meanwhile is refused, and waits.
    await pair.roll(["notification"], {
      GATEHOUSE_SMS_TOKEN: token,
      GATEHOUSE_SMTP_URL: `smtp://relay:${password}@${mailAt}`,
    });
  };
  await signingIn(setting("GATEHOUSE_SMS_TOKEN"), "old");
  await signingIn(random(), random());
  await signingIn(setting("GATEHOUSE_SMS_TOKEN"), "old");
}

/** The files that all processes watch, and how long until each has seen them. */
async function certificates(script: string) {
  await dev(`cd "$state"; names=("\${services[@]}" front); ${script}`);
  await pause(40_000);
}
const move = 'for file in tls.key tls.crt; do mv "tls.next/$name/$file" "tls/$name/$file"; done';

async function replaceCertificates() {
  // Of the same authority first.
  await certificates(`
    rm -rf tls.next; mkdir tls.next; cp tls/ca.* tls.next
    "$OLDPWD/tests/support/certificates.sh" "$PWD/tls.next" "\${names[@]}"
    for name in "\${names[@]}"; do ${move}; done`);
  // Then of another one, in three steps.
  await certificates(`
    rm -rf tls.next
    "$OLDPWD/tests/support/certificates.sh" "$PWD/tls.next" "\${names[@]}"
    for name in . "\${names[@]}"; do
      cat tls/ca.crt tls.next/ca.crt >tls.next/both
      mv tls.next/both "tls/$name/ca.crt.new"
    done
    for name in . "\${names[@]}"; do mv "tls/$name/ca.crt.new" "tls/$name/ca.crt"; done`);
  await certificates(`for name in "\${names[@]}"; do ${move}; done`);
  await certificates(`
    cp tls.next/ca.key tls/ca.key
    for name in . "\${names[@]}"; do
      cp tls.next/ca.crt "tls/$name/ca.crt.new"; mv "tls/$name/ca.crt.new" "tls/$name/ca.crt"
    done`);
}

export function drillKeys() {
  drill("the secret key of every service is replaced", { failed: 0 }, replaceSecretKeys);
  drill("the operator's key is replaced", { failed: 0 }, replaceOperatorKey);
  drill("the SMS token and the mail password are replaced", { failed: 0 }, replaceCredentials);
  drill("certificates are replaced, and their authority", { failed: 0 }, replaceCertificates);
}
