// The portal of an organisation: how it looks, what a client sees first, the terms it accepts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Office, client, eventually, ok, refused, tokenOf, type Schemas } from "./harness.ts";

type Settings = Partial<Schemas["PortalSettings"]>;

const set = (office: Office, body: Settings) => office.api.PATCH("/v1/portalSettings", { body });
const video = (url: string, description = "") => ({ url, description });

/** An organisation whose portal is set so, its case in a pipeline, and its client. */
async function entered(settings: Settings = {}) {
  const office = await Office.ready();
  if (Object.keys(settings).length > 0) await ok(set(office, settings));
  await ok(
    office.api.PUT("/v1/pipelines/{pipelineId}", {
      params: { path: { pipelineId: "loan" } },
      body: {
        displayName: "Loan",
        kinds: ["deal"],
        states: [
          { stateId: "enquiry", displayName: "Enquiry", moves: [{ toStateId: "settled" }] },
          { stateId: "settled", displayName: "Settled", view: "SUCCESS" },
        ],
      } as never,
    }),
  );
  await office.putCase();
  const { browser } = await office.enter(0);
  const home = () => ok(browser.api.GET("/v1/portal/home"));
  return { office, browser, home };
}

test("[EZ-2] a portal that is not enabled answers its own reason", async () => {
  const { office, browser } = await entered();
  await ok(set(office, { enabled: false }));
  await refused(browser.api.GET("/v1/portal/home"), 400, "PORTAL_DISABLED");
  await refused(browser.api.GET("/v1/portal/cases"), 400, "PORTAL_DISABLED");
  await ok(set(office, { enabled: true }));
  await ok(browser.api.GET("/v1/portal/home"));
});

test("[S2-1] each organisation customises its own look and feel, which can be read", async () => {
  const { office, home } = await entered({
    displayName: "Harbour",
    logoUrl: "https://harbour.example/logo.svg",
    colours: { button: "#8a0b4f" } as never,
  });
  const first = await home();
  assert.equal(first.displayName, "Harbour");
  assert.equal(first.logoUrl, "https://harbour.example/logo.svg");
  assert.deepEqual([first.colours.button, first.colours.buttonText], ["#8a0b4f", "#ffffff"]);
  const problem = (await refused(
    set(office, { colours: { text: "#999999" } as never }),
    400,
    "CONTRAST_TOO_LOW",
  )) as unknown as { text: string; ground: string; ratio: string };
  assert.deepEqual([problem.text, problem.ground, problem.ratio], ["text", "background", "2.84"]);
});

test("[S2-1] the page looks so before anybody has signed in, by link and by address", async () => {
  const office = await Office.ready();
  const settings = {
    displayName: "Harbour",
    logoUrl: "https://harbour.example/logo.svg",
    colours: { button: "#8a0b4f" } as never,
    languages: ["en", "mi"],
  };
  await ok(set(office, settings));
  const { link } = await ok(office.invite(0, { delivery: "LINK_ONLY" }));
  const token = tokenOf(link!);
  const reads = { "Accept-Language": "mi-NZ, en;q=0.5" };
  const open = () =>
    client().POST("/v1/portal/links:open", { params: { header: reads }, body: { token } });
  const look = { portalUrl: office.portalUrl };
  const enter = (query: { portalUrl: string; organisationId?: string }, header: object = reads) =>
    client().GET("/v1/portal/entrance", { params: { query, header: header as typeof reads } });
  const first = await eventually(async () => {
    const { organisation } = await ok(open());
    return organisation.look.displayName === "Harbour" ? organisation : undefined;
  }, "the look of the link's page");
  assert.equal(first.look.logoUrl, settings.logoUrl);
  assert.deepEqual([first.look.colours.button, first.look.colours.text], ["#8a0b4f", "#1a1a1a"]);
  assert.deepEqual([first.look.languages, first.language], [["en", "mi"], "mi"]);
  const { data: entrance, response } = await enter(look);
  assert.deepEqual(entrance!.organisation, first);
  assert.deepEqual(entrance!.methods, []); // Codes need a link.
  assert.equal(response.headers.get("Cache-Control"), "private, no-cache");
  const known = { ...reads, "If-None-Match": response.headers.get("ETag")! };
  assert.equal((await enter(look, known)).response.status, 304);
  assert.equal((await enter(look, { ...known, "Accept-Language": "en" })).response.status, 200);
  // Of strangers nothing is known, and of organisations that are no portal's neither.
  const strange = { portalUrl: "https://nobody.example" };
  await refused(enter(strange), 404, "NOT_FOUND");
  await refused(enter({ ...strange, organisationId: office.id }), 404, "NOT_FOUND");
  await ok(enter({ ...look, organisationId: office.id }));
  await ok(set(office, { enabled: false }));
  await refused(enter(look), 400, "PORTAL_DISABLED");
});

test("the first page says what may be handed in, as staff set it", async () => {
  const { office, home } = await entered();
  const { uploadLimits } = await home();
  assert.equal(uploadLimits.maxDocumentBytes, String(100 << 20));
  assert.ok(uploadLimits.contentTypes.includes("application/pdf"));
  await ok(
    office.api.PATCH("/v1/documentSettings", {
      body: { maxDocumentBytes: "1000", allowedContentTypes: ["application/pdf"] },
    }),
  );
  const limits = await eventually(async () => {
    const now = (await home()).uploadLimits;
    return now.maxDocumentBytes === "1000" ? now : undefined;
  }, "the limit that staff set");
  assert.deepEqual(limits.contentTypes, ["application/pdf"]);
});

test("[S2-2] stages are visible on the dashboard, or not", async () => {
  const { office, home } = await entered();
  assert.deepEqual(
    (await home()).cases[0].status.stages.map((stage) => stage.progress),
    ["CURRENT", "AHEAD"],
  );
  await ok(set(office, { showStatusBar: false }));
  assert.deepEqual((await home()).cases[0].status.stages, []);
});

test("[S2-3] the client profile comes first, the first time", async () => {
  const { browser, home } = await entered({ showProfileFirst: true });
  assert.equal((await home()).showProfileFirst, true);
  await ok(browser.api.POST("/v1/portal/welcome:finish", { body: {} }));
  const later = await home();
  assert.deepEqual([later.firstEntry, later.showProfileFirst], [false, false]);
});

test("[S2-6] [S2-7] [X-5] the client sees the stage's video, and an overview", async () => {
  const stage = { pipelineId: "loan", stateId: "enquiry" };
  const { office, browser, home } = await entered({
    overviewVideo: video("https://vimeo.com/76979871", "Welcome"),
    stageVideos: [{ ...stage, video: video("https://youtu.be/dQw4w9WgXcQ?si=a&t=9", "Enquiry") }],
  });
  const first = await home();
  assert.equal(first.overviewVideo!.embedUrl, "https://player.vimeo.com/video/76979871?dnt=1");
  assert.deepEqual(first.cases[0].video, {
    provider: "YOUTUBE",
    videoId: "dQw4w9WgXcQ",
    embedUrl: "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?start=9",
    description: "Enquiry",
  });
  await ok(browser.api.POST("/v1/portal/welcome:finish", { body: {} }));
  assert.equal((await home()).overviewVideo, undefined);
  const list = video("https://www.youtube.com/playlist?list=PL0123456789");
  await refused(
    set(office, { stageVideos: [{ ...stage, video: list }] }),
    400,
    "VIDEO_LINK_UNKNOWN",
  );
});

test("[HB-22] a client guide can be shared", async () => {
  const { home } = await entered({ clientGuideUrl: "https://harbour.example/guide.pdf" });
  assert.equal((await home()).clientGuideUrl, "https://harbour.example/guide.pdf");
});

test("[EZ-38] terms are configured by staff and accepted by clients", async () => {
  const { office, browser, home } = await entered();
  const publish = (text: string) =>
    ok(
      office.api.POST("/v1/terms", { body: { texts: [{ language: "en", title: "Terms", text }] } }),
    );
  const accept = (version: number) =>
    browser.api.POST("/v1/portal/terms:accept", { body: { version, language: "en" } });
  await publish("What holds.");
  assert.equal((await home()).termsToAccept, 1);
  const terms = await ok(browser.api.GET("/v1/portal/terms"));
  assert.deepEqual([terms.text, terms.acceptTime], ["What holds.", undefined]);
  await ok(accept(terms.version));
  assert.equal((await home()).termsToAccept, 0);
  await publish("What holds from now on.");
  assert.equal((await home()).termsToAccept, 2);
  await refused(accept(1), 400, "TERMS_OUTDATED");
  await ok(accept(2));
  const { acceptances } = await ok(office.api.GET("/v1/termsAcceptances"));
  assert.deepEqual(
    acceptances.map((acceptance) => [acceptance.version, acceptance.contactId]),
    [2, 1].map((version) => [version, office.contacts[0].contactId]),
  );
  assert.equal(acceptances[0].clientAddress, browser.address);
  assert.ok(Date.now() - Date.parse(acceptances[0].createTime) < 60_000);
  await eventually(
    async () =>
      (await office.events()).events.filter((event) => event.type === "terms.accepted").length ===
        2 || undefined,
    "terms.accepted, twice",
  );
});
