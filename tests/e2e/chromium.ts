// A real browser for what only a browser does: Chromium, driven by its DevTools protocol. Its
// virtual authenticator makes passkeys as a phone's or a laptop's would.
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";

const flags = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-port=0",
];

type Answer = { id?: number; result?: Record<string, any>; error?: { message: string } };

/** Chromium with one page, which is at `origin`. */
export class Chromium {
  readonly origin: string;
  private readonly program: ChildProcess;
  private readonly socket: WebSocket;
  private readonly folder: string;
  private readonly pages: Server;
  private readonly waiting = new Map<number, (answer: Answer) => void>();
  private session = "";
  private last = 0;

  private constructor(pages: Server, program: ChildProcess, socket: WebSocket, folder: string) {
    this.pages = pages;
    // Where pages may have passkeys without a certificate.
    this.origin = `http://localhost:${(pages.address() as AddressInfo).port}`;
    this.program = program;
    this.socket = socket;
    this.folder = folder;
    socket.addEventListener("message", ({ data }) => {
      const answer = JSON.parse(String(data)) as Answer;
      if (answer.id !== undefined) this.waiting.get(answer.id)?.(answer);
    });
  }

  static async open(): Promise<Chromium> {
    const pages = createServer((_, response) =>
      response.setHeader("Content-Type", "text/html").end("<!doctype html><title>Portal</title>"),
    );
    await new Promise<void>((listening) => pages.listen(0, "localhost", listening));
    const folder = mkdtempSync(`${tmpdir()}/chromium-`);
    const program = spawn("chromium", [...flags, `--user-data-dir=${folder}`, "about:blank"], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    const address = await new Promise<string>((found, failed) => {
      let said = "";
      program.once("error", failed);
      program.once("exit", (code) => failed(new Error(`chromium ended with ${code}: ${said}`)));
      program.stderr!.setEncoding("utf8").on("data", (text: string) => {
        said = (said + text).slice(-10_000);
        const listening = said.match(/DevTools listening on (ws:\S+)/);
        if (listening) found(listening[1]);
      });
    });
    const socket = new WebSocket(address);
    await new Promise((opened, failed) => {
      socket.addEventListener("open", opened, { once: true });
      socket.addEventListener("error", failed, { once: true });
    });
    const chromium = new Chromium(pages, program, socket, folder);
    await chromium.visit();
    return chromium;
  }

  private async visit() {
    const { targetInfos } = await this.send("Target.getTargets");
    const page = targetInfos.find(({ type }: { type: string }) => type === "page");
    const attached = { targetId: page.targetId, flatten: true };
    this.session = (await this.send("Target.attachToTarget", attached)).sessionId;
    await this.send("Page.navigate", { url: this.origin });
    for (let tries = 0; (await this.run("document.title")) !== "Portal"; ++tries) {
      assert.ok(tries < 200, "the page does not load");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await this.send("WebAuthn.enable");
  }

  private send(method: string, params: object = {}): Promise<Record<string, any>> {
    const id = ++this.last;
    const { session } = this;
    return new Promise((answered, failed) => {
      this.waiting.set(id, ({ result, error }) => {
        this.waiting.delete(id);
        if (error) failed(new Error(`${method}: ${error.message}`));
        else answered(result!);
      });
      this.socket.send(
        JSON.stringify({ id, method, params, ...(session ? { sessionId: session } : {}) }),
      );
    });
  }

  /** Leads the page to another address. */
  async go(url: string) {
    await this.send("Page.navigate", { url });
  }

  /** What a script of the page gives, as JSON. */
  async run(expression: string): Promise<any> {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
      userGesture: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception.description);
    return result.value;
  }

  /** A device with passkeys, which knows its user. */
  async authenticator(): Promise<string> {
    const options = {
      protocol: "ctap2",
      ctap2Version: "ctap2_1",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    };
    return (await this.send("WebAuthn.addVirtualAuthenticator", { options })).authenticatorId;
  }
  removeAuthenticator = (authenticatorId: string) =>
    this.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId });
  setUserVerified = (authenticatorId: string, isUserVerified: boolean) =>
    this.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified });

  /** What a page does with the options of `passkeys:begin`, and with those of a sign-in. */
  create(options: object) {
    return this.ceremony("create", "parseCreationOptionsFromJSON", options);
  }
  get(options: object) {
    return this.ceremony("get", "parseRequestOptionsFromJSON", options);
  }
  private ceremony(does: string, reads: string, options: object) {
    return this.run(`(async () => {
      const publicKey = PublicKeyCredential.${reads}(${JSON.stringify(options)});
      return (await navigator.credentials.${does}({ publicKey })).toJSON();
    })()`);
  }

  async close() {
    const ended = new Promise((resolve) => this.program.once("exit", resolve));
    await this.send("Browser.close").catch(() => this.program.kill());
    await ended;
    this.socket.close();
    this.pages.close();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }
}
