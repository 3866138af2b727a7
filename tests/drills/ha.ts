// Fail-over by engines that exist: PostgreSQL under Patroni, Redis under Sentinel, and two replicas
// of every service. The primary of each is killed under load. `./dev drills ha` starts all of it.
import "./address.ts";
import { eventually } from "../e2e/harness.ts";
import { dev, pause } from "../e2e/processes.ts";
import { drill } from "./drill.ts";

/** What tests/drills/cluster.sh does. */
const cluster = async (script: string) =>
  (await dev(`source tests/drills/cluster.sh; ${script}`)).stdout.trim();

/** A new primary is used within seconds of the moment in which it can be. */
const price = { within: 30, afterReturn: 5 };

drill("PostgreSQL's primary is lost, node and all (Patroni)", price, async () => {
  const lost = await cluster("primary");
  await cluster(`kill_node ${lost}`);
  const back = Number(await cluster("first_write"));
  await pause(6000);
  await cluster(`start_patroni ${lost}`);
  await eventually(
    () => cluster(`patroni_role ${lost} replica`).catch(() => undefined),
    "a new standby",
    60,
  );
  return back;
});

drill("Redis's master is lost (Sentinel)", { ...price, within: 15 }, async () => {
  const lost = await cluster("redis_master");
  await cluster(`stop redis${lost} KILL`);
  const back = Number(await cluster("redis_first_write"));
  await pause(6000);
  await cluster(`start_redis_node ${lost}`);
  await pause(3000);
  return back;
});
