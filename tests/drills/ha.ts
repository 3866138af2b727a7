// Fail-over by engines that exist: PostgreSQL under Patroni, Redis under Sentinel, and two replicas
// of every service. The primary of each is killed under load. `./dev drills ha` starts all of it.
import "./address.ts";
import { eventually } from "../e2e/harness.ts";
import { dev, pause } from "../e2e/processes.ts";
import { drill } from "./drill.ts";

/** What tests/drills/cluster.sh does. */
const cluster = async (script: string) =>
  (await dev(`source tests/drills/cluster.sh; ${script}`)).stdout.trim();

/** Who has the part now; nobody, for a while. */
const holder = (role: "primary" | "redis_master") => cluster(role).catch(() => undefined);

drill("PostgreSQL's primary is lost, node and all (Patroni)", { within: 30 }, async () => {
  const lost = await cluster("primary");
  await cluster(`kill_node ${lost}`);
  await eventually(() => holder("primary"), "a new primary", 60);
  await pause(3000);
  await cluster(`start_patroni ${lost}`);
  await eventually(
    () => cluster(`patroni_role ${lost} replica`).catch(() => undefined),
    "a new standby",
    60,
  );
});

drill("Redis's master is lost (Sentinel)", { within: 15 }, async () => {
  const lost = await cluster("redis_master");
  await cluster(`stop redis${lost} KILL`);
  await eventually(() => holder("redis_master"), "a new master", 30);
  await pause(2000);
  await cluster(`start_redis_node ${lost}`);
  await pause(3000);
});
