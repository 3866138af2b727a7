// A client signs with a passkey in the place of a code: a real browser, and what it has in the
// place of a device.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Chromium } from "./chromium.ts";
import { Browser, Office, ok, refused, sha256, textsTo, eventually } from "./harness.ts";
import { about, holdPage, portalPath, read, send, staffPath } from "./signing.ts";

let chromium: Chromium;
before(async () => {
  chromium = await Chromium.open();
});
after(() => chromium.close());

/** An office whose portal is the page that the browser shows. */
async function atThisPage() {
  const office = await Office.ready("AU", chromium.origin);
  await ok(office.api.PATCH("/v1/invitationPolicy", { body: { passkeys: "PASSKEY_FOR_CODE" } }));
  return office;
}
const letSign = (office: Office, passkeySignatures: boolean) =>
  ok(office.api.PATCH("/v1/documentSettings", { body: { passkeySignatures } }));

async function addPasskey(browser: Browser) {
  const begun = await ok(browser.api.POST("/v1/portal/passkeys:begin", { body: {} }));
  const { response } = await chromium.create(begun.options);
  return ok(
    browser.api.POST("/v1/portal/passkeys", {
      body: {
        challengeId: begun.challengeId,
        displayName: "Ada's laptop",
        clientDataJson: response.clientDataJSON as string,
        attestationObject: response.attestationObject as string,
      },
    }),
  );
}
function start(browser: Browser, office: Office, id: string, documentSha256: string) {
  return browser.api.POST(`${portalPath}:startPasskey`, {
    ...about(office, id),
    body: { documentSha256, consent: true },
  });
}
/** What the page sends once its browser has signed what was begun. */
async function proofOf(begun: { challengeId: string; options: object }) {
  const { id, response } = await chromium.get(begun.options);
  return {
    challengeId: begun.challengeId,
    credentialId: id as string,
    clientDataJson: response.clientDataJSON as string,
    authenticatorData: response.authenticatorData as string,
    signature: response.signature as string,
    userHandle: (response.userHandle ?? "") as string,
  };
}
type Proof = Awaited<ReturnType<typeof proofOf>>;
function sign(browser: Browser, office: Office, id: string, proof: Proof) {
  return browser.api.POST(`${portalPath}:signByPasskey`, {
    ...about(office, id),
    body: { ...proof, typedName: "Ada Lovelace", values: [] },
  });
}

/** With a device of the client's at hand, which is gone afterwards. */
function withDevice(name: string, does: () => Promise<void>) {
  test(name, async () => {
    const device = await chromium.authenticator();
    try {
      await does();
    } finally {
      await chromium.removeAuthenticator(device);
    }
  });
}

withDevice("a client signs with her passkey, and the evidence names it", async () => {
  const office = await atThisPage();
  const { browser } = await office.enter(0);
  const { mobile } = office.contacts[0];
  const { documentId } = await holdPage(office);
  const { signatureRequestId: id } = await send(office, documentId, [0]);
  const hash = sha256(await read(browser, office, id));
  await refused(start(browser, office, id, hash), 400, "SIGNATURE_PASSKEY_NOT_ALLOWED");
  await letSign(office, true);
  await refused(start(browser, office, id, hash), 400, "SIGNATURE_PASSKEY_MISSING");
  const { passkeyId } = await addPasskey(browser);
  await eventually(async () => (await textsTo(mobile!))[1], "the SMS that tells of it");
  const signed = await ok(
    sign(browser, office, id, await proofOf(await ok(start(browser, office, id, hash)))),
  );
  assert.deepEqual([signed.state, signed.signers[0].passkeyId], ["SIGNED", passkeyId]);
  assert.equal((await textsTo(mobile!)).length, 2); // No code was sent.
  const seen = await ok(office.api.GET(staffPath, about(office, id)));
  assert.equal(seen.signers[0].passkeyName, "Ada's laptop");
  assert.equal(seen.signers[0].maskedMobile, "");
});

withDevice("what a passkey signed for one document is nothing to another", async () => {
  const office = await atThisPage();
  await letSign(office, true);
  const { browser } = await office.enter(0);
  await addPasskey(browser);
  const { documentId } = await holdPage(office);
  const first = (await send(office, documentId, [0])).signatureRequestId;
  const second = (await send(office, documentId, [0])).signatureRequestId;
  const hash = sha256(await read(browser, office, first));
  await refused(start(browser, office, second, hash), 400, "SIGNATURE_NOT_READ");
  await read(browser, office, second);
  const begun = await ok(start(browser, office, first, hash));
  await ok(start(browser, office, second, hash));
  const proof = await proofOf(begun);
  await refused(sign(browser, office, second, proof), 400, "CHALLENGE_EXPIRED");
  // Nor does it lead anybody in.
  const stranger = new Browser(office.portalUrl);
  await refused(
    stranger.api.POST("/v1/portal/signIn:verifyPasskey", { body: proof }),
    400,
    "CHALLENGE_EXPIRED",
  );
  const other = {
    ...proof,
    challengeId: (await ok(start(browser, office, second, hash))).challengeId,
  };
  await refused(sign(browser, office, second, other), 403, "PASSKEY_CHALLENGE_WRONG");
  await ok(sign(browser, office, first, proof));
  // It has served; what is signed stays so.
  assert.equal((await ok(sign(browser, office, first, proof))).state, "SIGNED");
});

withDevice("the session outlives a passkey that does not sign", async () => {
  const office = await atThisPage();
  await letSign(office, true);
  const { browser } = await office.enter(0);
  const { passkeyId } = await addPasskey(browser);
  const { documentId } = await holdPage(office);
  const { signatureRequestId: id } = await send(office, documentId, [0]);
  const hash = sha256(await read(browser, office, id));
  const { signature } = await proofOf(await ok(start(browser, office, id, hash)));
  const forged = await proofOf(await ok(start(browser, office, id, hash)));
  await refused(
    sign(browser, office, id, { ...forged, signature }),
    403,
    "SIGNATURE_PASSKEY_WRONG",
  );
  const proof = await proofOf(await ok(start(browser, office, id, hash)));
  const path = { params: { path: { passkeyId } } };
  await ok(browser.api.DELETE("/v1/portal/passkeys/{passkeyId}", path));
  await refused(sign(browser, office, id, proof), 403, "SIGNATURE_PASSKEY_WRONG");
  await ok(browser.session());
});
