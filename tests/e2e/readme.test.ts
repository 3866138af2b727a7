// The main job as the README has it: its blocks of shell, in their order, as somebody pastes them.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { codeTo, e164, newMobile } from "./harness.ts";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const section = readme.split("## The main job over REST")[1].split("\n## ")[0];
const blocks = [...section.matchAll(/```sh\n([^`]*)```/g)].map((match) => match[1]);

test("the README's main job works as it stands there", async () => {
  assert.equal(blocks.length, 2);
  const folder = mkdtempSync(join(tmpdir(), "readme-"));
  const mobile = newMobile(); // Codes to one number are limited, and this runs often.
  const [before, after] = blocks.map((block) =>
    block.replace('eval "$(./dev env)"; ', "").replaceAll("+447400123456", e164(mobile)),
  );
  const paste = (text: string) =>
    execFileSync("bash", ["-e", "-o", "pipefail", "-c", text], { cwd: folder, encoding: "utf8" });
  const challenge = paste(`${before}\necho; echo "$challenge"`).trim().split("\n").at(-1)!;
  assert.match(challenge, /^chl_/);
  const code = await codeTo(mobile);
  const answers = paste(`json='Content-Type: application/json'; challenge=${challenge}
    ${after.replace("code=123456", `code=${code}`)}`);
  const document = JSON.parse(answers.slice(answers.lastIndexOf('{"documentId"')));
  assert.equal(document.filename, "payslip.pdf");
  assert.equal(document.folder, "Client-Documents");
});
