// The guides are true: their blocks of code run as a reader runs them, one after the other.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { promisify } from "node:util";
import { test } from "node:test";
import { Chromium } from "./chromium.ts";
import { Office, codeTo, eventually, ok, url } from "./harness.ts";
import { checkout } from "./processes.ts";

/** The page's blocks of sh as one script; a block with a name after its language is that file. */
function blocksOf(page: string, folder: string): string {
  const script: string[] = [];
  for (const [, language, name, text] of page.matchAll(/^```(\w+) ?(\S*)\n([^]*?)^```$/gm)) {
    if (name) writeFileSync(`${folder}/${name}`, text);
    else if (language === "sh") script.push(text);
    else assert.fail(`a block of ${language} that nobody runs`);
  }
  return script.join("\n");
}

/** What the script said; fails with that. */
async function follow(guide: string): Promise<string> {
  const folder = mkdtempSync(`${tmpdir()}/guide-`);
  try {
    symlinkSync(`${checkout}tests/e2e/node_modules`, `${folder}/node_modules`);
    const script = blocksOf(readFileSync(`${checkout}docs/guide/${guide}`, "utf8"), folder);
    const { stdout } = await promisify(execFile)("bash", ["-euo", "pipefail", "-c", script], {
      cwd: folder,
      timeout: 60_000,
    });
    return stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("the guide of a CRM leads from its key to its webhook and its feed", async () => {
  const said = await follow("crm.md");
  assert.match(said, /^invitation\.accepted deal-1$/m); // The webhook.
  assert.match(said, /^invitation\.accepted$/m); // The feed.
  assert.match(said, /^data: .*"type":"invitation\.revoked"/m); // The stream.
});

// ---- the page of a frontend ---------------------------------------------------------------------

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "localhost", listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

/** The guide's files in a folder, while `f` works with them. */
async function withFrontend(f: (folder: string) => Promise<void>) {
  const folder = mkdtempSync(`${tmpdir()}/guide-`);
  try {
    assert.equal(blocksOf(readFileSync(`${checkout}docs/guide/frontend.md`, "utf8"), folder), "");
    await f(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("the frontend's page has fifty lines, and words for each refusal that it can meet", () =>
  withFrontend(async (folder) => {
    assert.equal(readFileSync(`${folder}/sign-in.html`, "utf8").trimEnd().split("\n").length, 50);
    const text = readFileSync(`${folder}/words.js`, "utf8");
    const { words } = (await import(`data:text/javascript,${encodeURIComponent(text)}`)) as {
      words: Record<string, { text: string; then?: string }>;
    };
    const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as {
      paths: Record<string, { post: { responses: Record<string, { description: string }> } }>;
    };
    const reasonsOf = (path: string) =>
      Object.values(paths[`/v1/portal/${path}`].post.responses).flatMap(({ description }) =>
        [...description.matchAll(/`([A-Z_]+)`:/g)].map(([, reason]) => reason),
      );
    const calls = ["links:open", "signIn:start", "signIn:resend", "signIn:verify"].map(reasonsOf);
    // What is said of a body or of its size is the page's own mistake, and the same for each call.
    const met = calls.flat().filter((reason) => !calls.every((call) => call.includes(reason)));
    const known = Object.keys(words).filter(
      (reason) => !["UNKNOWN", "TOO_MANY_REQUESTS"].includes(reason),
    );
    assert.deepEqual(known.sort(), [...new Set(met)].sort());
  }));

test("by the frontend's page and its proxy a client enters with the link", () =>
  withFrontend(async (folder) => {
    const port = await freePort();
    const env = { ...process.env, PORT: String(port) };
    const proxy = spawn(process.execPath, ["serve.mjs"], { cwd: folder, env, stdio: "ignore" });
    const chromium = await Chromium.open();
    try {
      const office = await Office.ready("AU", `http://localhost:${port}`);
      const { link } = await ok(office.invite(0, { delivery: "LINK_ONLY" }));
      const says = (text: RegExp) =>
        eventually(async () => {
          const said = await chromium.run("document.getElementById('say')?.textContent ?? ''");
          return text.test(said) || undefined;
        }, `the page saying ${text}`);
      const press = (button: string) => chromium.run(`document.querySelector('${button}').click()`);
      const type = (code: string) =>
        chromium.run(`document.getElementById('code').value = '${code}'`);

      await eventually(
        () =>
          fetch(`http://localhost:${port}/`).then(
            () => true,
            () => undefined,
          ),
        "the proxy",
      );
      await chromium.go(`${office.portalUrl}/i#${"a".repeat(43)}`);
      await says(/none of ours/);
      await chromium.go("about:blank"); // Behind the same address another fragment loads nothing.
      await chromium.go(link!);
      await says(/We will send a code to/);
      await press("#send");
      await says(/We have sent you a code/);
      const code = await codeTo(office.contacts[0].mobile);
      await type(code === "111111" ? "222222" : "111111");
      await press("form button");
      await says(/try 4 times more/);
      await type(code);
      await press("form button");
      await says(/Welcome/);
      assert.equal(await chromium.run("fetch('/v1/portal/session').then((it) => it.status)"), 200);
    } finally {
      await chromium.close();
      proxy.kill();
    }
  }));
