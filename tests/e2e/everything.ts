// What there is of a case and of its first client, a thing of each noun, and how any route of the
// OpenAPI document is called about it.
import assert from "node:assert/strict";
import { Browser, Office, newId, ok, pdf, upload, url } from "./harness.ts";

type Body = { content: Record<string, { example?: unknown }> };
type Operation = { security: Record<string, string[]>[]; requestBody?: Body };
type Document = { paths: Record<string, Record<string, Operation>> };
export type Ids = Record<string, string>;

const openapi = (await (await fetch(`${url}/openapi.json`)).json()) as Document;
export const routes = Object.entries(openapi.paths).flatMap(([path, verbs]) =>
  Object.entries(verbs).flatMap(([verb, operation]) => {
    const route = { path, verb: verb.toUpperCase(), operation };
    // What tus asks, as a page does.
    const asks = verb === "get" && path.endsWith("/uploads/{uploadId}");
    return asks ? [route, { ...route, verb: "HEAD" }] : [route];
  }),
);
export type Route = (typeof routes)[number];
export const named = (path: string) => [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
export const isForClients = (route: Route) => route.operation.security[0]?.session !== undefined;
export const isForStaff = (route: Route) => route.operation.security[0]?.bearer !== undefined;

/** With a sound body: its example in the document, or a file. */
export function call(route: Route, ids: Ids, headers: Record<string, string>) {
  const target = route.path.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? "unknown");
  const { requestBody } = route.operation;
  const json = requestBody?.content["application/json"];
  const ofTus = route.path.includes("/uploads/");
  const type = json ? "application/json" : ofTus ? bytesType : "application/pdf";
  return fetch(`${url}${target}${requestBody && !json && !ofTus ? "?filename=a.pdf" : ""}`, {
    method: route.verb,
    headers: {
      ...headers,
      ...(requestBody ? { "Content-Type": type } : {}),
      ...(ofTus ? { "Tus-Resumable": "1.0.0", "Upload-Offset": "0" } : {}),
    },
    body: json ? JSON.stringify(json.example) : (requestBody && pdf().toString()) || undefined,
  });
}
const bytesType = "application/offset+octet-stream";

/** An upload by tus of which no byte is there yet. */
export async function beginUpload(collection: string, headers: Record<string, string>) {
  const metadata = `filename ${Buffer.from("a.pdf").toString("base64")}`;
  const answer = await fetch(`${url}${collection}`, {
    method: "POST",
    headers: {
      ...headers,
      "Tus-Resumable": "1.0.0",
      "Upload-Length": "1000",
      "Upload-Metadata": metadata,
    },
  });
  assert.equal(answer.status, 201, await answer.text());
  return answer.headers.get("Location")!.split("/").at(-1)!;
}

/** What this contact is asked by a flow, which the office has from now on. */
async function askedOf(office: Office, contactId: string) {
  const field = { fieldId: "remarks", displayName: "Remarks", type: "TEXT" as const };
  const subsections = [{ subsectionId: "all", displayName: "All", fields: [field] }];
  await ok(
    office.api.PUT("/v1/factFindSections/{sectionId}", {
      params: { path: { sectionId: "work" } },
      body: { displayName: "Work", subsections },
    }),
  );
  await ok(
    office.api.PUT("/v1/flows/{flowId}", {
      params: { path: { flowId: "loan" } },
      body: { type: "loan", displayName: "Loan", sections: [{ sectionId: "work" }] },
    }),
  );
  const { factFindId } = await ok(
    office.api.POST("/v1/cases/{caseId}/factFinds", {
      ...office.aboutCase(),
      body: { contactId, flowId: "loan" },
    }),
  );
  return { factFindId, sectionId: "work", fieldId: "remarks" };
}

async function arrangedWith(office: Office, contactId: string) {
  const about = office.aboutCase();
  const lines = [{ description: "Panels", amount: "1" }];
  const content = { title: "Panels", currency: "AUD", total: "1", lines };
  const { offerId } = await ok(
    office.api.POST("/v1/cases/{caseId}/offers", {
      ...about,
      body: { contactId, content } as never,
    }),
  );
  const day = new Date(Date.now() + 172_800_000).toISOString().slice(0, 10);
  const times = ["09:00", "10:00"].map((time) => ({
    localTime: `${day}T${time}`,
    timeZone: "Australia/Sydney",
    durationMinutes: 60,
  }));
  const { visitId } = await ok(
    office.api.POST("/v1/cases/{caseId}/visits", {
      ...about,
      body: { contactId, plan: { title: "Visit", times } } as never,
    }),
  );
  return { offerId, visitId };
}

async function reportedBy(office: Office, browser: Browser) {
  const clientTexts = [{ language: "en", displayName: "Water comes in", description: "" }];
  const types = [{ incidentTypeId: "leak", displayName: "Leak", clientTexts }];
  await ok(office.api.PATCH("/v1/incidentSettings", { body: { types } }));
  const { incidentId } = await ok(
    browser.api.POST("/v1/portal/cases/{caseId}/incidents", {
      ...office.aboutCase(),
      body: { incidentTypeId: "leak", text: newId("leak") },
    }),
  );
  return { incidentId };
}

/** What there is of a case and of its first client, by the names that paths have for it. */
export async function everythingOf(office: Office) {
  const about = office.aboutCase();
  const { invitation, session, browser } = await office.enter(0);
  const { contactId } = office.contacts[0];
  const { documentRequestId } = await office.request("Payslip", contactId);
  const address = `/v1/portal/cases/${office.caseId}/documents`;
  const query = new URLSearchParams({ filename: "payslip.pdf", documentRequestId });
  const { body: document } = await upload(`${address}?${query}`, pdf(), browser.headers());
  const offer = await office.hold("Contract");
  const { signatureRequestId } = await ok(
    office.api.POST("/v1/cases/{caseId}/signatureRequests", {
      ...about,
      body: { documentId: offer.documentId, contactIds: [contactId], method: "MANUAL" },
    }),
  );
  const collection = `/v1/portal/cases/${office.caseId}/uploads`;
  return {
    browser,
    ids: {
      contactId,
      invitationId: invitation.invitationId,
      sessionId: session.sessionId,
      documentRequestId,
      documentId: document.documentId,
      signatureRequestId,
      uploadId: await beginUpload(collection, browser.headers()),
      ...(await askedOf(office, contactId)),
      ...(await arrangedWith(office, contactId)),
      ...(await reportedBy(office, browser)),
    } as Ids,
  };
}
