// Which connections the NetworkPolicies allow, computed as a network plugin does: one is allowed
// where the policies of its source (egress) and those of its destination (ingress) both allow it.
import { BlockList, isIP } from "node:net";
import { containersOf, makersOfPods, ofKind, selects, templateOf } from "./manifests.mjs";

const gatehouse = { "kubernetes.io/metadata.name": "gatehouse" };

// A party to a connection: `pod` has labels and policies, others are only judged by them.
const pod = (workload, index) => ({
  name: workload.metadata.name,
  namespace: gatehouse,
  labels: templateOf(workload).metadata.labels,
  address: `10.244.0.${index + 1}`,
  ports: containersOf(workload).flatMap((one) => one.ports ?? []),
});
export const podElsewhere = (namespace) => ({
  name: `namespace ${namespace}`,
  namespace: { "kubernetes.io/metadata.name": namespace },
  labels: { "app.kubernetes.io/name": "gateway" }, // A stranger who borrows a name of ours.
  address: "10.244.9.9",
});
export const host = (name, address) => ({ name, address });

const family = (address) => (isIP(address) === 6 ? "ipv6" : "ipv4");

function inBlock(cidr, address) {
  const [network, length] = cidr.split("/");
  if (family(network) !== family(address)) return false;
  const block = new BlockList();
  block.addSubnet(network, Number(length), family(network));
  return block.check(address, family(address));
}

// Whether a rule's `from` or `to` means this party. No peers at all: everybody.
function isPeer(peers, party) {
  if (!peers?.length) return true;
  return peers.some(({ ipBlock, podSelector, namespaceSelector }) => {
    if (ipBlock) {
      const { cidr, except = [] } = ipBlock;
      return [cidr, ...except].every((block, i) => inBlock(block, party.address) === (i === 0));
    }
    if (!party.namespace) return false;
    const namespace = namespaceSelector ?? { matchLabels: gatehouse };
    return selects(namespace, party.namespace) && selects(podSelector ?? {}, party.labels);
  });
}

function isPort(ports, port, destination) {
  if (!ports?.length) return true;
  return ports.some(({ port: allowed, endPort, protocol = "TCP" }) => {
    if (protocol !== port.protocol) return false;
    if (typeof allowed === "string") {
      const named = destination.ports?.find((one) => one.name === allowed);
      return named?.containerPort === port.number;
    }
    return allowed === undefined || (port.number >= allowed && port.number <= (endPort ?? allowed));
  });
}

// One side of a connection: `direction` is Ingress for its destination, Egress for its source.
function allows(policies, direction, party, other, port, destination) {
  if (!party.ports) return true; // Not ours: its own policies are not known here.
  const key = direction.toLowerCase();
  const peers = direction === "Ingress" ? "from" : "to";
  const mine = policies.filter(
    ({ spec }) =>
      selects(spec.podSelector, party.labels) &&
      (spec.policyTypes ?? (spec.egress ? ["Ingress", "Egress"] : ["Ingress"])).includes(direction),
  );
  if (mine.length === 0) return true; // What no policy means is open.
  return mine.some(({ spec }) =>
    (spec[key] ?? []).some(
      (rule) => isPeer(rule[peers], other) && isPort(rule.ports, port, destination),
    ),
  );
}

// Every port that a policy or a container names, and one that nothing names.
function portsToTry(policies, pods) {
  const rules = policies.flatMap(({ spec }) => [...(spec.ingress ?? []), ...(spec.egress ?? [])]);
  const numbers = [
    ...rules.flatMap((rule) => rule.ports ?? []).map((one) => one.port),
    ...pods.flatMap((one) => one.ports.map((port) => port.containerPort)),
    22,
  ].filter(Number.isInteger);
  return [...new Set(numbers)].flatMap((number) =>
    ["TCP", "UDP"].map((protocol) => ({ number, protocol })),
  );
}

// Lines such as `gateway → cases, identity: 7000`, by source and then by port.
export function allowedConnections(objects, outsiders) {
  const policies = ofKind(objects, "NetworkPolicy");
  const pods = makersOfPods(objects).map(pod);
  const parties = [...pods, ...outsiders];
  const found = new Map();
  for (const port of portsToTry(policies, pods)) {
    for (const source of parties) {
      for (const destination of parties) {
        if (source === destination || !(source.ports || destination.ports)) continue;
        if (!allows(policies, "Egress", source, destination, port, destination)) continue;
        if (!allows(policies, "Ingress", destination, source, port, destination)) continue;
        const label = port.protocol === "TCP" ? port.number : `${port.number}/UDP`;
        const key = `${source.name} → ${destination.name}`;
        found.set(key, [...(found.get(key) ?? []), label]);
      }
    }
  }
  return gather(found);
}

// Destinations with the same ports share a line.
function gather(found) {
  const lines = new Map();
  for (const [key, ports] of found) {
    const [source, destination] = key.split(" → ");
    const sorted = [...new Set(ports)].sort((a, b) => parseInt(a) - parseInt(b)).join(", ");
    const line = `${source} → *: ${sorted}`;
    lines.set(line, [...(lines.get(line) ?? []), destination]);
  }
  return [...lines].map(([line, names]) => line.replace("*", names.sort().join(", "))).sort();
}
