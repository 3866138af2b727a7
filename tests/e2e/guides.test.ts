// The guides are true: their blocks of code run as a reader runs them, one after the other.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { promisify } from "node:util";
import { test } from "node:test";
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
    const { stdout } = await promisify(execFile)(
      "bash",
      ["-euo", "pipefail", "-c", script],
      { cwd: folder, timeout: 60_000 },
    );
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
