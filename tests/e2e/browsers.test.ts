// The portal in the browsers that clients have: what each of them says of itself, asks beforehand
// and sends by itself is understood, and what comes back is what it takes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser, Office, contact, ok, pdf, tokenOf, upload, url } from "./harness.ts";

const windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)";
const chromium = `${windows} AppleWebKit/537.36 (KHTML, like Gecko)`;
/** Of a page at portal.example that calls api.portal.example. */
const sameSite = { "Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "empty" };
const hints = (brand: string, version: number) => ({
  ...sameSite,
  "Accept-Encoding": "gzip, deflate, br, zstd",
  "Sec-CH-UA": `"${brand}";v="${version}", "Chromium";v="131", "Not_A Brand";v="24"`,
  "Sec-CH-UA-Mobile": "?0",
  "Sec-CH-UA-Platform": '"Windows"',
  Priority: "u=1, i",
});
const browsers: { name: string; userAgent: string; sends: Record<string, string> }[] = [
  {
    name: "Chrome",
    userAgent: `${chromium} Chrome/131.0.0.0 Safari/537.36`,
    sends: hints("Google Chrome", 131),
  },
  {
    name: "Firefox",
    userAgent: `${windows.replace(")", "; rv:133.0)")} Gecko/20100101 Firefox/133.0`,
    sends: { ...sameSite, "Accept-Encoding": "gzip, deflate, br, zstd", DNT: "1", "Sec-GPC": "1" },
  },
  {
    name: "Safari",
    userAgent:
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 " +
      "(KHTML, like Gecko) Version/17.6 Safari/605.1.15",
    sends: { ...sameSite, "Accept-Encoding": "gzip, deflate, br" },
  },
  {
    // Before 16.4 it says nothing of what a page is to the address that it calls.
    name: "Safari of an older iPhone",
    userAgent:
      "Mozilla/5.0 (iPhone; CPU iPhone OS 15_8 like Mac OS X) AppleWebKit/605.1.15 " +
      "(KHTML, like Gecko) Version/15.6.7 Mobile/15E148 Safari/604.1",
    sends: { "Accept-Encoding": "gzip, deflate, br", "Accept-Language": "en-AU" },
  },
  {
    name: "Edge",
    userAgent: `${chromium} Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0`,
    sends: hints("Microsoft Edge", 131),
  },
  {
    name: "Opera",
    userAgent: `${chromium} Chrome/131.0.0.0 Safari/537.36 OPR/116.0.0.0`,
    sends: hints("Opera", 116),
  },
];

class RealBrowser extends Browser {
  readonly sends: Record<string, string>;
  constructor(origin: string, { userAgent, sends }: (typeof browsers)[number]) {
    super(origin, userAgent);
    this.sends = sends;
  }
  override async fetch(request: Request) {
    for (const [name, value] of Object.entries(this.sends)) request.headers.set(name, value);
    const response = await super.fetch(request);
    // Without both a browser keeps the answer from the page.
    assert.equal(response.headers.get("access-control-allow-origin"), this.origin);
    assert.equal(response.headers.get("access-control-allow-credentials"), "true");
    return response;
  }
  /** What a browser asks before it sends what no form could. */
  async preflight(path: string, method: string, headers: string[]) {
    const response = await fetch(`${url}${path}`, {
      method: "OPTIONS",
      headers: {
        ...this.sends,
        Origin: this.origin!,
        "User-Agent": this.userAgent,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": headers.join(","),
      },
    });
    assert.equal(response.status, 204);
    assert.equal(response.headers.get("access-control-allow-origin"), this.origin);
    assert.equal(response.headers.get("access-control-allow-credentials"), "true");
    const list = (name: string) => response.headers.get(name)!.toLowerCase().split(/, */);
    assert.ok(list("access-control-allow-methods").includes(method.toLowerCase()));
    for (const header of headers) {
      assert.ok(list("access-control-allow-headers").includes(header), header);
    }
  }
}

test("clients use the portal in Chrome, Firefox, Safari, Edge and Opera [S1-4]", async () => {
  const office = await Office.ready();
  office.contacts = browsers.map(({ name }) => contact("APPLICANT", { givenName: name }));
  await office.putCase();
  for (const [index, one] of browsers.entries()) {
    const invited = await ok(office.invite(index, { delivery: "LINK_ONLY" }));
    const token = tokenOf(invited.link!);
    const browser = new RealBrowser(office.portalUrl, one);
    await browser.preflight("/v1/portal/signIn:start", "POST", ["content-type"]);
    await ok(browser.open(token));
    await browser.enter(token, office.contacts[index].mobile!);
    const { data, response } = await browser.session();
    assert.ok(data!.caseIds.includes(office.caseId), one.name);
    assert.match(response.headers.get("content-type")!, /^application\/json/);
    const target = `/v1/portal/cases/${office.caseId}/documents`;
    await browser.preflight(target, "POST", ["content-type", "upload-offset", "tus-resumable"]);
    // As macOS writes names: each accent as a character of its own.
    const query = new URLSearchParams({ filename: `Re\u0301sume\u0301 ${one.name}.pdf` });
    const sent = await upload(`${target}?${query}`, pdf(one.name), {
      ...browser.headers(),
      ...one.sends,
      "User-Agent": one.userAgent,
    });
    assert.equal(sent.response.status, 200, JSON.stringify(sent.body));
    const { documentId, filename } = sent.body;
    assert.equal(filename, `Résumé ${one.name}.pdf`);
    const read = await fetch(`${url}${target}/${documentId}/content`, {
      headers: { ...browser.headers(), ...one.sends, Range: "bytes=0-4" },
    });
    assert.deepEqual([read.status, await read.text()], [206, "%PDF-"]);
    // The client recognises its sessions by what its browsers say they are.
    const { sessions } = await ok(browser.api.GET("/v1/portal/sessions"));
    assert.ok(
      sessions.some(({ userAgent }) => userAgent === one.userAgent),
      one.name,
    );
    await office.revoke(invited.invitationId); // A case has so many at a time.
  }
});
