// Where the drills' clients find Gatehouse: HAProxy, before two gateways. Imported before the
// harness, which reads the setting.
export const proxyPort = 8140 + Number(process.env.GATEHOUSE_DEV_PORT_OFFSET ?? 0);
process.env.GATEHOUSE_URL = `http://127.0.0.1:${proxyPort}`;
