// Our own rules hold in every overlay, and each of them can fail: beside it stands what breaks it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Checkout, named, ofKind, overlays, podOf } from "./manifests.mjs";
import * as policy from "./policy.mjs";

const checkout = new Checkout();
const rendered = {
  try: checkout.render("try"),
  production: checkout.fillProduction().addEverything().render("production"),
};

const casesOf = (objects) => named(objects, "Deployment", "cases");
const containerOf = (objects) => podOf(casesOf(objects)).containers[0];
const migrationsOf = (objects) => named(objects, "Job", "migrations");
const migrationOf = (objects) => podOf(migrationsOf(objects)).containers[1];
const gatewayOf = (objects) => podOf(named(objects, "Deployment", "gateway")).containers[0];
const without = (objects, kind, name) =>
  objects.splice(objects.indexOf(named(objects, kind, name)), 1);
const settingOf = (container, name) => container.env.find((one) => one.name === name);
const pathsOf = (objects) => named(objects, "Ingress", "rest").spec.rules[0].http.paths;

const tried = new Set();

// rule(NAME, WHERE IT HOLDS, {WHAT BREAKS IT: a change of the objects, …})
function rule(name, where, breaks) {
  const judge = policy[name];
  tried.add(name);
  const sentence = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  for (const overlay of where) {
    test(`${sentence}, in overlays/${overlay}`, () => {
      assert.deepEqual(judge(rendered[overlay]), []);
    });
  }
  for (const [what, change] of Object.entries(breaks)) {
    test(`${sentence}: not with ${what}`, () => {
      const objects = structuredClone(rendered[where[0]]);
      change(objects);
      assert.notDeepEqual(judge(objects), []);
    });
  }
}

rule("imagesHaveAVersion", ["try"], {
  "an image without a tag": (all) => (containerOf(all).image = "gatehouse"),
  "the latest one": (all) => (migrationOf(all).image = "registry.example:5000/gatehouse:latest"),
});
rule("imagesAreDigests", ["production"], {
  "a tag": (all) => (containerOf(all).image = "registry.example/gatehouse:1.2"),
  "a digest that is cut off": (all) => (migrationOf(all).image = "gatehouse@sha256:0123"),
});
rule("imagesNameNoRegistry", ["try"], {
  "a registry": (all) => (containerOf(all).image = "registry.example/gatehouse:1"),
});
rule("resourcesAreBounded", overlays, {
  "no limit of memory": (all) => delete containerOf(all).resources.limits,
  "nothing requested": (all) => delete migrationOf(all).resources.requests.cpu,
  "a limit of cpu": (all) => (gatewayOf(all).resources.limits.cpu = "1"),
});
rule("everythingIsProbed", overlays, {
  "no liveness": (all) => delete containerOf(all).livenessProbe,
  "no readiness": (all) => delete gatewayOf(all).readinessProbe,
});
rule("livenessTouchesNoStore", overlays, {
  "a liveness that asks the stores": (all) =>
    (gatewayOf(all).livenessProbe.httpGet = { path: "/readyz", port: "operations" }),
  "a liveness over an old connection": (all) =>
    (containerOf(all).livenessProbe = { httpGet: { path: "/healthz", port: "operations" } }),
  "another service's probe": (all) =>
    (containerOf(all).startupProbe.exec.command[0] = "/usr/bin/gatehouse-identity"),
});
rule("podsAreRestricted", overlays, {
  root: (all) => (podOf(casesOf(all)).securityContext.runAsUser = 0),
  "no seccomp profile": (all) => delete podOf(casesOf(all)).securityContext.seccompProfile,
  "a writable root": (all) => (migrationOf(all).securityContext.readOnlyRootFilesystem = false),
  "a capability": (all) => (containerOf(all).securityContext.capabilities.add = ["NET_RAW"]),
  "capabilities kept": (all) => delete containerOf(all).securityContext.capabilities,
  "a container that says nothing": (all) => delete gatewayOf(all).securityContext,
  "the node's network": (all) => (podOf(casesOf(all)).hostNetwork = true),
  "the node's files": (all) =>
    podOf(casesOf(all)).volumes.push({ name: "node", hostPath: { path: "/" } }),
});
rule("namespaceIsRestricted", overlays, {
  "no label": (all) => delete named(all, "Namespace", "gatehouse").metadata.labels,
});
rule("nobodyHoldsAToken", overlays, {
  "a token in a pod": (all) => delete podOf(casesOf(all)).automountServiceAccountToken,
  "a shared account": (all) => (podOf(casesOf(all)).serviceAccountName = "identity"),
  "an account with tokens": (all) =>
    delete named(all, "ServiceAccount", "cases").automountServiceAccountToken,
});
rule("disruptionsAreBounded", overlays, {
  "no budget": (all) => without(all, "PodDisruptionBudget", "cases"),
  "a budget of all": (all) =>
    (named(all, "PodDisruptionBudget", "cases").spec.maxUnavailable = "100%"),
  "a budget of nobody": (all) =>
    (named(all, "PodDisruptionBudget", "cases").spec.selector.matchLabels = { a: "b" }),
});
rule("loadIsFollowed", overlays, {
  "no autoscaler": (all) => without(all, "HorizontalPodAutoscaler", "cases"),
  "an autoscaler of another": (all) =>
    (named(all, "HorizontalPodAutoscaler", "cases").spec.scaleTargetRef.name = "gateway"),
  "a number of its own": (all) => (casesOf(all).spec.replicas = 2),
});
rule("twoReplicasAtLeast", ["production"], {
  one: (all) => (named(all, "HorizontalPodAutoscaler", "cases").spec.minReplicas = 1),
});
rule("replicasAreSpread", overlays, {
  "one zone": (all) => podOf(casesOf(all)).topologySpreadConstraints.shift(),
  "a spread of others": (all) =>
    (podOf(casesOf(all)).topologySpreadConstraints[1].labelSelector.matchLabels = { a: "b" }),
});
rule("noCallIsLostInARollout", overlays, {
  "too little grace": (all) => (podOf(casesOf(all)).terminationGracePeriodSeconds = 20),
  "no grace of its own": (all) => delete podOf(casesOf(all)).terminationGracePeriodSeconds,
  "no delay": (all) =>
    (settingOf(containerOf(all), "GATEHOUSE_SHUTDOWN_DELAY_SECONDS").value = "0"),
  "an old pod gone first": (all) => (casesOf(all).spec.strategy.rollingUpdate.maxUnavailable = 1),
  "Kubernetes' defaults": (all) => delete casesOf(all).spec.strategy,
  "a new pod that nobody knows": (all) => (casesOf(all).spec.minReadySeconds = 1),
});
rule("callsSpreadOverPods", overlays, {
  "a virtual address": (all) => delete named(all, "Service", "cases").spec.clusterIP,
});
rule("servicesMeanTheirPods", overlays, {
  "another's pods": (all) =>
    (named(all, "Service", "cases").spec.selector["app.kubernetes.io/name"] = "identity"),
  "another port": (all) => (named(all, "Service", "cases").spec.ports[0].port = 50051),
  "a port that is not open": (all) => (gatewayOf(all).ports[0].containerPort = 80),
  "metrics for everybody": (all) =>
    named(all, "Service", "front").spec.ports.push({ name: "operations", port: 9100 }),
  "no metrics": (all) => named(all, "Service", "gateway").spec.ports.pop(),
});
rule("containersGetWhatTheyRead", overlays, {
  "another's secret": (all) =>
    containerOf(all).env.push({ name: "GATEHOUSE_OPERATOR_KEY", value: "x" }),
  "a typing error": (all) =>
    (settingOf(containerOf(all), "GATEHOUSE_LOG_LEVEL").name = "GATEHOUSE_LOGLEVEL"),
  "a required setting less": (all) =>
    migrationOf(all).env.splice(
      migrationOf(all).env.indexOf(settingOf(migrationOf(all), "GATEHOUSE_POSTGRES_URL_FILE")),
      1,
    ),
  "a key for what only migrates": (all) =>
    migrationOf(all).env.push({ name: "GATEHOUSE_SECRET_KEY", value: "x" }),
  "a database for the gateway": (all) =>
    gatewayOf(all).env.push({ name: "GATEHOUSE_POSTGRES_URL", value: "x" }),
});
rule("addressesAreOurServices", overlays, {
  "a name that is resolved once": (all) =>
    (settingOf(containerOf(all), "GATEHOUSE_IDENTITY_ADDRESS").value = "identity:7000"),
  "another service": (all) =>
    (settingOf(containerOf(all), "GATEHOUSE_IDENTITY_ADDRESS").value = "dns:///cases:7000"),
});
rule("secretsAreFiles", overlays, {
  "a variable": (all) =>
    containerOf(all).env.push({
      name: "GATEHOUSE_SECRET_KEY",
      valueFrom: { secretKeyRef: { name: "cases-secrets", key: "GATEHOUSE_SECRET_KEY" } },
    }),
  "a file that nothing mounts": (all) =>
    (containerOf(all).volumeMounts = containerOf(all).volumeMounts.filter(
      (one) => one.name !== "secrets",
    )),
});
rule("whatIsNeededIsThere", overlays, {
  "secrets that may be missing": (all) =>
    (podOf(casesOf(all)).volumes.find((one) => one.name === "secrets").secret.optional = true),
  "an authority that may be missing": (all) =>
    (podOf(casesOf(all)).volumes.find((one) => one.name === "postgres-ca").configMap.optional =
      true),
  "a setting that may be missing": (all) => {
    const [notification] = podOf(named(all, "Deployment", "notification")).containers;
    settingOf(notification, "GATEHOUSE_SMTP_FROM").valueFrom.configMapKeyRef.optional = true;
  },
});
rule("secretsAreNotShared", overlays, {
  "another's secrets": (all) =>
    (podOf(casesOf(all)).volumes.find((one) => one.name === "secrets").secret.secretName =
      "identity-secrets"),
  "another's certificate": (all) =>
    (podOf(casesOf(all)).volumes[0].secret.secretName = "identity-tls"),
});
rule("ownersOnlyMigrate", overlays, {
  "a service that migrates as it starts": (all) =>
    (podOf(casesOf(all)).initContainers = [migrationOf(all)]),
  "a service that has the owner's URL": (all) =>
    (podOf(casesOf(all)).volumes.find((one) => one.name === "secrets").secret.secretName =
      "migrations-secrets"),
  "a migration as the role that serves": (all) =>
    (podOf(migrationsOf(all)).volumes[0].secret.secretName = "cases-secrets"),
  "rights for another service": (all) =>
    (settingOf(migrationOf(all), "GATEHOUSE_POSTGRES_GRANT_TO").value = "gatehouse_identity"),
});
rule("podsHavePriority", overlays, {
  none: (all) => delete podOf(casesOf(all)).priorityClassName,
  "one that nothing makes": (all) => (podOf(casesOf(all)).priorityClassName = "urgent"),
});
rule("oneNodeIsNotAll", overlays, {
  "a spread that may be given up": (all) =>
    (podOf(casesOf(all)).topologySpreadConstraints[1].whenUnsatisfiable = "ScheduleAnyway"),
  "a node that is being drained": (all) =>
    delete podOf(casesOf(all)).topologySpreadConstraints[1].nodeTaintsPolicy,
});
rule("referencesAreMade", overlays, {
  "a Secret that nothing makes": (all) =>
    (podOf(casesOf(all)).volumes[0].secret.secretName = "nobody-tls"),
  "no settings": (all) =>
    without(all, "ConfigMap", ofKind(all, "ConfigMap").find((one) => one.data.HOST).metadata.name),
  "no volume for documents": (all) => without(all, "PersistentVolumeClaim", "blobs"),
});
rule("certificatesNameTheirService", ["production"], {
  "another first name": (all) => named(all, "Certificate", "cases").spec.dnsNames.reverse(),
  "another Secret": (all) => (named(all, "Certificate", "cases").spec.secretName = "cases"),
  "no name for its probe": (all) => named(all, "Certificate", "cases").spec.dnsNames.pop(),
});
rule("strangersReachTheTwoDoors", overlays, {
  "a way past the front": (all) =>
    pathsOf(all).push({ ...pathsOf(all)[0], path: "/gatehouse.cases.v1.CaseDirectory" }),
  "no gateway": (all) => pathsOf(all).pop(),
  "another door": (all) => (named(all, "Service", "gateway").spec.type = "LoadBalancer"),
  "no front": (all) => delete named(all, "Service", "front").spec.type,
});
const routeOf = (objects, kind, name) => named(objects, kind, name).spec;
rule("routesLeadToTheTwoDoors", ["production"], {
  "a way past the front": (all) =>
    routeOf(all, "GRPCRoute", "grpc").rules[0].backendRefs.push({ name: "cases", port: 7000 }),
  "metrics for everybody": (all) =>
    (routeOf(all, "HTTPRoute", "rest").rules[0].backendRefs[0].port = 9100),
  "no gRPC": (all) => without(all, "GRPCRoute", "grpc"),
  "a listener without TLS": (all) =>
    (routeOf(all, "Gateway", "doors").listeners[0].protocol = "HTTP"),
  "a listener for everybody's routes": (all) =>
    (routeOf(all, "Gateway", "doors").listeners[1].allowedRoutes.namespaces.from = "All"),
  "a route on every listener": (all) =>
    delete routeOf(all, "HTTPRoute", "rest").parentRefs[0].sectionName,
  "a front without TLS": (all) => without(all, "BackendTLSPolicy", "front"),
});
const scalerOf = (objects) => named(objects, "HorizontalPodAutoscaler", "cases").spec;
rule("scalingIsCalm", overlays, {
  "Kubernetes' defaults": (all) => delete scalerOf(all).behavior,
  "a fall": (all) => (scalerOf(all).behavior.scaleDown.policies[0].value = 5),
  "a minute's window": (all) => (scalerOf(all).behavior.scaleDown.stabilizationWindowSeconds = 60),
  "a late rise": (all) => (scalerOf(all).behavior.scaleUp.stabilizationWindowSeconds = 60),
});
rule("loadIsRequestsToo", ["production"], {
  "CPU alone": (all) => scalerOf(all).metrics.pop(),
  "no CPU": (all) => scalerOf(all).metrics.shift(),
  "a metric that the adapter does not make": (all) =>
    (scalerOf(all).metrics[1].pods.metric.name = "gatehouse_workers"),
});
rule("callersKeepTheirAddress", overlays, {
  "a node in between": (all) => delete named(all, "Service", "front").spec.externalTrafficPolicy,
});
rule("theProxyIsNoService", overlays, {
  "a certificate of ours": (all) =>
    (named(all, "Ingress", "rest").metadata.annotations[
      "nginx.ingress.kubernetes.io/proxy-ssl-secret"
    ] = "gatehouse/gateway-tls"),
});
rule("theProxyEndsTls", overlays, {
  "a host without it": (all) => delete named(all, "Ingress", "rest").spec.tls,
});

test("every rule is tried", () => {
  assert.deepEqual(Object.keys(policy).sort(), [...tried].sort());
});
