// Drawing: a client finds the house, and draws its roof.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Office, eventually, ok, refused } from "./harness.ts";

const face = (...coordinates: number[][]) => ({
  displayName: "South",
  polygon: JSON.stringify({ type: "Polygon", coordinates: [coordinates] }),
  azimuthDegrees: 180,
  tiltDegrees: 30,
});
const roof = face(
  [151.2093, -33.8688],
  [151.2094, -33.8688],
  [151.2094, -33.8687],
  [151.2093, -33.8687],
  [151.2093, -33.8688],
);

test("[EZ-22] a client finds the house, draws the roof, and staff have its area", async () => {
  const office = await Office.ready();
  const { browser } = await office.enter(0, { visibility: "OWN" });
  const drawn = await ok(
    browser.api.PUT("/v1/portal/cases/{caseId}/drawing", {
      ...office.aboutCase(),
      body: {
        address: "12 Harbour Street, Sydney",
        position: { latitude: -33.8688, longitude: 151.2093 },
        faces: [roof] as never,
      },
    }),
  );
  const had = await ok(office.api.GET("/v1/cases/{caseId}/drawing", office.aboutCase()));
  assert.deepEqual(had, drawn);
  // A ten-thousandth of a degree is 11.09 m there to the north, and 9.25 m to the east.
  assert.ok(Math.abs(had.areaSquareMetres - 102.6) < 0.5, String(had.areaSquareMetres));
  assert.equal(JSON.parse(had.faces[0].polygon).type, "Polygon");
  await eventually(
    async () => (await office.events()).events.find(({ type }) => type === "drawing.updated"),
    "drawing.updated",
  );
});

test("a roof that crosses itself is refused, with its place", async () => {
  const office = await Office.ready();
  const { browser } = await office.enter(0, { visibility: "OWN" });
  const crossed = face([0, 0], [0.0001, 0.0001], [0.0001, 0], [0, 0.0002], [0, 0]);
  const put = browser.api.PUT("/v1/portal/cases/{caseId}/drawing", {
    ...office.aboutCase(),
    body: { faces: [roof, crossed] as never },
  });
  const problem = await refused(put, 400, "INVALID_REQUEST");
  assert.match(JSON.stringify(problem), /faces\[1\]\.polygon/);
});
