// The rules of our own: each takes all objects of an overlay, and gives a line for each offence.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import {
  containersOf,
  fiveServices,
  makersOfPods,
  named,
  ofKind,
  podOf,
  root,
  secretFilesOf,
  selects,
  serviceDeployments,
  services,
  templateOf,
  workloads,
} from "./manifests.mjs";
import { binaries, drainSeconds, migration } from "./settings.mjs";

// A rule about each Deployment, or about each container of it.
const aboutEach = (of, judge) => (objects) =>
  of(objects).flatMap((found) =>
    judge(found, objects)
      .filter(Boolean)
      .map((what) => `${found.metadata.name}: ${what}`),
  );
const allDeployments = (objects) => ofKind(objects, "Deployment");
const aboutDeployments = (judge) => aboutEach(allDeployments, judge);
const aboutPods = (judge) => aboutEach(makersOfPods, judge);
// All that runs programs of ours: the Deployments, and what migrates.
const ours = (objects) =>
  makersOfPods(objects).filter(({ metadata }) =>
    [...workloads, "migrations"].includes(metadata.name),
  );
const aboutOurs = (judge) => aboutEach(ours, judge);
const aboutServices = (judge) => aboutEach(serviceDeployments, judge);
const aboutContainers = (judge) =>
  aboutPods((found, objects) => containersOf(found).flatMap((one) => judge(one, objects)));

const valueOf = (container, name) => container.env?.find((one) => one.name === name)?.value;
const mainOf = (deployment) => podOf(deployment).containers[0];
const labelsOf = (workload) => templateOf(workload).metadata.labels;

// A digest is one for ever.
export const imagesAreDigests = aboutContainers(({ image }) => [
  !/@sha256:[0-9a-f]{64}$/.test(image) && `${image} may be another one tomorrow`,
]);

export const imagesHaveAVersion = aboutContainers(({ image }) => {
  const [, tag] = image.split("/").pop().split(":");
  return [(!tag || tag === "latest") && `${image} is not one version`];
});

export const imagesNameNoRegistry = aboutContainers(({ image }) => [
  image.includes("/") && `${image} is on somebody's registry`,
]);

export const resourcesAreBounded = aboutContainers(({ name, resources = {} }) => [
  !resources.requests?.cpu && `${name} requests no cpu`,
  !resources.requests?.memory && `${name} requests no memory`,
  !resources.limits?.memory && `${name} has no limit of memory`,
  resources.limits?.cpu && `${name} is throttled`,
]);

export const everythingIsProbed = aboutDeployments((deployment) =>
  podOf(deployment).containers.flatMap((one) =>
    ["startupProbe", "livenessProbe", "readinessProbe"].map(
      (probe) => !one[probe] && `${one.name} has no ${probe}`,
    ),
  ),
);

// A new connection for the five services, /healthz for the doors; stores are readiness's matter.
export const livenessTouchesNoStore = aboutServices((deployment) => {
  const { name, livenessProbe, startupProbe, readinessProbe } = mainOf(deployment);
  const alive = fiveServices.includes(name)
    ? JSON.stringify({ exec: { command: [`/usr/bin/gatehouse-${name}`, "probe"] } })
    : JSON.stringify({ httpGet: { path: "/healthz", port: "operations" } });
  const means = ({ exec, httpGet }) => JSON.stringify(exec ? { exec } : { httpGet });
  return [
    means(livenessProbe) !== alive && "its liveness is another question",
    means(startupProbe) !== alive && "its start is another question",
    readinessProbe.httpGet?.path !== "/readyz" && "its readiness is another question",
  ];
});

// The restricted profile of Kubernetes, and a root file system that nobody writes to.
export const podsAreRestricted = aboutPods((deployment) => {
  const {
    securityContext: pod = {},
    hostNetwork,
    hostPID,
    hostIPC,
    volumes = [],
  } = podOf(deployment);
  const allowed = ["configMap", "emptyDir", "persistentVolumeClaim", "secret"];
  return [
    pod.runAsNonRoot !== true && "may run as root",
    !(pod.runAsUser > 0 && pod.runAsGroup > 0) && "has no user and group of its own",
    pod.seccompProfile?.type !== "RuntimeDefault" && "has no seccomp profile",
    (hostNetwork || hostPID || hostIPC) && "shares a namespace with its node",
    ...volumes.map(
      ({ name, ...kind }) => !allowed.includes(Object.keys(kind)[0]) && `mounts ${name}`,
    ),
    ...containersOf(deployment).flatMap(({ name, securityContext: own = {} }) => [
      own.allowPrivilegeEscalation !== false && `${name} may gain privileges`,
      !own.capabilities?.drop?.includes("ALL") && `${name} keeps capabilities`,
      own.capabilities?.add && `${name} adds capabilities`,
      own.readOnlyRootFilesystem !== true && `${name} writes to its root file system`,
      own.privileged && `${name} is privileged`,
      own.runAsUser === 0 && `${name} runs as root`,
    ]),
  ];
});

export function namespaceIsRestricted(objects) {
  return ofKind(objects, "Namespace")
    .filter(
      ({ metadata }) => metadata.labels?.["pod-security.kubernetes.io/enforce"] !== "restricted",
    )
    .map(({ metadata }) => `${metadata.name} takes pods that are not restricted`);
}

export const nobodyHoldsAToken = aboutPods((deployment, objects) => {
  const { automountServiceAccountToken, serviceAccountName } = podOf(deployment);
  const account = ofKind(objects, "ServiceAccount").find(
    (one) => one.metadata.name === serviceAccountName,
  );
  const ours = [...workloads, "migrations"].includes(deployment.metadata.name);
  return [
    automountServiceAccountToken !== false && "is given a token",
    ours && serviceAccountName !== deployment.metadata.name && "has no account of its own",
    ours && account?.automountServiceAccountToken !== false && "its account hands out tokens",
  ];
});

export const disruptionsAreBounded = aboutServices((deployment, objects) => {
  const budgets = ofKind(objects, "PodDisruptionBudget").filter(({ spec }) =>
    selects(spec.selector, labelsOf(deployment)),
  );
  return [budgets.length !== 1 || budgets[0].spec.maxUnavailable !== 1 ? "has no budget of 1" : ""];
});

export const loadIsFollowed = aboutServices((deployment, objects) => {
  const scalers = ofKind(objects, "HorizontalPodAutoscaler").filter(
    ({ spec }) => spec.scaleTargetRef.name === deployment.metadata.name,
  );
  return [
    scalers.length !== 1 && "has no autoscaler",
    deployment.spec.replicas !== undefined && "its autoscaler is overruled by each apply",
  ];
});

export function twoReplicasAtLeast(objects) {
  return ofKind(objects, "HorizontalPodAutoscaler")
    .filter(({ spec }) => !(spec.minReplicas >= 2 && spec.maxReplicas > spec.minReplicas))
    .map(({ metadata }) => `${metadata.name}: one replica is not enough`);
}

export const replicasAreSpread = aboutServices((deployment) => {
  const constraints = podOf(deployment).topologySpreadConstraints ?? [];
  return ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map(
    (key) =>
      !constraints.some(
        (one) => one.topologyKey === key && selects(one.labelSelector, labelsOf(deployment)),
      ) && `is not spread by ${key}`,
  );
});

const resolverSeconds = 1;

export const noCallIsLostInARollout = aboutServices(({ spec }) => {
  const { strategy, minReadySeconds, template } = spec;
  const [main] = template.spec.containers;
  const sleep = main.lifecycle?.preStop.exec.command[1]; // nginx has no delay of its own.
  const delay = Number(sleep ?? valueOf(main, "GATEHOUSE_SHUTDOWN_DELAY_SECONDS"));
  const { maxSurge, maxUnavailable } = strategy?.rollingUpdate ?? {};
  return [
    !(template.spec.terminationGracePeriodSeconds > delay + drainSeconds) &&
      "is killed before it has drained",
    !(delay > resolverSeconds) && "leaves before its callers notice",
    !(maxSurge === 1 && maxUnavailable === 0) && "an old pod may go before a new one is ready",
    !(minReadySeconds > resolverSeconds) && "an old pod may go before a new one is known",
  ];
});

export function callsSpreadOverPods(objects) {
  return fiveServices
    .filter((name) => named(objects, "Service", name).spec.clusterIP !== "None")
    .map((name) => `${name} is not headless`);
}

const usedPorts = Object.fromEntries(services.map((name) => [name, { grpc: 7000 }]));
usedPorts.gateway = { http: 8080 };
usedPorts.front = { grpc: 443 };

// Each of our Services means the pods of its name, and the ports that everybody knows.
export function servicesMeanTheirPods(objects) {
  return workloads.flatMap((name) => {
    const { spec } = named(objects, "Service", name);
    const deployment = named(objects, "Deployment", name);
    const ports = Object.fromEntries(spec.ports.map((one) => [one.name, one.port]));
    const open = Object.fromEntries(
      mainOf(deployment).ports.map((one) => [one.name, one.containerPort]),
    );
    // What a load balancer opens to everybody is no place for metrics.
    const known = { ...usedPorts[name], ...(name === "front" ? {} : { operations: 9100 }) };
    return [
      !selects({ matchLabels: spec.selector }, labelsOf(deployment)) && `${name} means no pod`,
      !selects(deployment.spec.selector, labelsOf(deployment)) && `${name} owns no pod`,
      ...Object.entries(known).map(
        ([port, number]) =>
          !(ports[port] === number && (open[port] === number || number === 443)) &&
          `${name} has no port ${port}`,
      ),
      Object.keys(ports).length !== Object.keys(known).length && `${name} opens another port`,
      spec.ports.some((one) => one.targetPort !== one.name) && `${name} leads to another port`,
    ].filter(Boolean);
  });
}

// What comes first where a node is full, and no node holds two replicas while another holds none.
const priority = parse(readFileSync(join(root, "deploy/k8s/priority.yaml"), "utf8"));

export const podsHavePriority = aboutOurs((workload) => {
  const { priorityClassName } = podOf(workload);
  return [priorityClassName !== priority.metadata.name && "has no priority that is made"];
});

export const oneNodeIsNotAll = aboutServices((deployment) => {
  const constraint = podOf(deployment).topologySpreadConstraints?.find(
    (one) => one.topologyKey === "kubernetes.io/hostname",
  );
  return [
    constraint?.whenUnsatisfiable !== "DoNotSchedule" && "two replicas may share a node",
    constraint?.nodeTaintsPolicy !== "Honor" && "finds no place while a node is drained",
  ];
});

// Rows, and what is done to them: the owner is for migrations, and nobody else has his URL.
export const ownersOnlyMigrate = aboutOurs((workload) => {
  const migrates = workload.metadata.name === "migrations";
  return containersOf(workload).flatMap((container) => [
    (container.command?.[1] === "migrate") !== migrates && `${container.name} is out of place`,
    ...secretFilesOf(workload, container).map(
      ({ secret, key }) =>
        (secret === "migrations-secrets") !== migrates && `${container.name} reads ${key}`,
    ),
    migrates &&
      valueOf(container, "GATEHOUSE_POSTGRES_GRANT_TO") !== `gatehouse_${container.name}` &&
      `${container.name} serves another role`,
  ]);
});

// The front's image has one program only.
const binaryOf = ({ command: [path] = ["front"] }) => path.replace("/usr/bin/gatehouse-", "");
const settingsOf = (container) => (container.env ?? []).map((one) => one.name);

export const containersGetWhatTheyRead = aboutOurs((workload) =>
  containersOf(workload).flatMap((container) => {
    const migrates = container.command?.[1] === "migrate";
    const { reads, needs } = migrates ? migration : binaries[binaryOf(container)];
    // Of each, its name, or that of its file.
    const given = settingsOf(container).map((name) =>
      reads.has(name) ? name : name.replace(/_FILE$/, ""),
    );
    return [
      ...given.filter((name) => !reads.has(name)).map((name) => `is told ${name} for nothing`),
      ...[...needs].filter((name) => !given.includes(name)).map((name) => `is not told ${name}`),
      !migrates && !given.includes("GATEHOUSE_TLS_DIR") && "would speak without TLS",
    ];
  }),
);

export const addressesAreOurServices = aboutServices((deployment) =>
  containersOf(deployment).flatMap(({ env }) =>
    env
      .filter((one) => /^GATEHOUSE_[A-Z]+_ADDRESS$/.test(one.name))
      .map(({ name, value }) => {
        const service = name.replace(/^GATEHOUSE_(\w+)_ADDRESS$/, "$1").toLowerCase();
        // gRPC looks a name up again by this scheme only; the front does it by itself.
        const scheme = deployment.metadata.name === "front" ? "" : "dns:///";
        return value !== `${scheme}${service}:7000` && `${name} is ${value}`;
      }),
  ),
);

// A variable is shown by whoever describes the process, and goes to what it starts.
export const secretsAreFiles = aboutOurs((workload) =>
  containersOf(workload).flatMap((container) => [
    ...(container.env ?? [])
      .filter((one) => one.valueFrom?.secretKeyRef)
      .map((one) => `${one.name} is a variable`),
    ...secretFilesOf(workload, container)
      .filter((one) => !one.secret)
      .map((one) => `${one.setting} is in no Secret`),
  ]),
);

// What a pod cannot do without is not optional: it would start, and fail where nobody looks.
export const whatIsNeededIsThere = aboutOurs((workload) => [
  ...(podOf(workload).volumes ?? [])
    .filter(({ secret, configMap }) => secret?.optional || configMap?.optional)
    .filter(({ name }) => name !== "smtp-ca") // Only where a mail server's authority is one's own.
    .map(({ name }) => `${name} need not be there`),
  ...containersOf(workload).flatMap((container) => {
    const migrates = container.command?.[1] === "migrate";
    const { needs } = migrates ? migration : binaries[binaryOf(container)];
    return (container.env ?? [])
      .filter(({ name, valueFrom }) => needs.has(name) && valueFrom?.configMapKeyRef?.optional)
      .map(({ name }) => `${name} need not be there`);
  }),
]);

export const secretsAreNotShared = aboutOurs((workload) => {
  const { name } = workload.metadata;
  const mounted = (podOf(workload).volumes ?? []).flatMap((one) => one.secret?.secretName ?? []);
  return mounted
    .filter((one) => ![`${name}-tls`, `${name}-public-tls`, `${name}-secrets`].includes(one))
    .map((one) => `mounts ${one}`);
});

// What a pod refers to is made by an object here, or by one of the operators that we rely on.
export function referencesAreMade(objects) {
  const made = new Set(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
  for (const { spec } of ofKind(objects, "Certificate")) made.add(`Secret ${spec.secretName}`);
  for (const { spec } of ofKind(objects, "ExternalSecret")) made.add(`Secret ${spec.target.name}`);
  return aboutPods((deployment) => {
    const { volumes = [], serviceAccountName } = podOf(deployment);
    const wanted = [
      serviceAccountName && `ServiceAccount ${serviceAccountName}`,
      ...volumes.flatMap(({ secret, configMap, persistentVolumeClaim: claim }) => [
        secret && `Secret ${secret.secretName}`,
        configMap && !configMap.optional && `ConfigMap ${configMap.name}`,
        claim && `PersistentVolumeClaim ${claim.claimName}`,
      ]),
      ...containersOf(deployment)
        .flatMap(({ env = [] }) => env.map((one) => one.valueFrom ?? {}))
        .flatMap(({ secretKeyRef, configMapKeyRef }) => [
          secretKeyRef && `Secret ${secretKeyRef.name}`,
          configMapKeyRef && `ConfigMap ${configMapKeyRef.name}`,
        ]),
    ];
    return [...new Set(wanted)].filter((one) => one && !made.has(one));
  })(objects);
}

// A certificate's first name is the name by which the others know a caller.
export function certificatesNameTheirService(objects) {
  return workloads.flatMap((name) => {
    const { spec } = named(objects, "Certificate", name);
    const within = `${name}.gatehouse.svc`;
    return [
      spec.dnsNames[0] !== name && `${name} is known as ${spec.dnsNames[0]}`,
      !spec.dnsNames.includes(within) && `${name} is not ${within}`,
      fiveServices.includes(name) &&
        !spec.dnsNames.includes("localhost") &&
        `${name} cannot be probed`,
      spec.secretName !== `${name}-tls` && `${name} is kept as ${spec.secretName}`,
    ].filter(Boolean);
  });
}

function pathsOf(ingress) {
  return ingress.spec.rules.flatMap(({ http }) =>
    http.paths.map(({ path, pathType, backend: { service } }) =>
      pathType === "Prefix" ? `${path} → ${service.name} ${service.port.name}` : `${path} is odd`,
    ),
  );
}

function pathsOfRoute({ kind, spec }) {
  return spec.rules.flatMap(({ matches = [{}], backendRefs }) =>
    matches.flatMap(({ path }) =>
      backendRefs.map(({ name, port }) =>
        kind === "GRPCRoute" ? `gRPC → ${name} ${port}` : `${path?.value} → ${name} ${port}`,
      ),
    ),
  );
}

// The same by the Gateway API. It ends TLS, and speaks it to the front, which knows nothing else.
export function routesLeadToTheTwoDoors(objects) {
  const routes = ["HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute"].flatMap((kind) =>
    ofKind(objects, kind),
  );
  const wanted = ["/ → gateway 8080", "gRPC → front 443"];
  const open = routes.flatMap(pathsOfRoute);
  const listeners = ofKind(objects, "Gateway").flatMap(({ spec }) => spec.listeners);
  const overTls = ofKind(objects, "BackendTLSPolicy").flatMap(({ spec }) => spec.targetRefs);
  return [
    ...open.filter((one) => !wanted.includes(one)).map((one) => `${one} is open to strangers`),
    ...wanted.filter((one) => !open.includes(one)).map((one) => `${one} is closed`),
    ...listeners
      .filter(({ protocol, tls }) => protocol !== "HTTPS" || tls.mode !== "Terminate")
      .map(({ name }) => `${name} is without TLS`),
    ...listeners
      .filter(({ allowedRoutes }) => allowedRoutes.namespaces.from !== "Same")
      .map(({ name }) => `${name} takes strangers' routes`),
    ...routes
      .filter(({ spec }) => spec.parentRefs.some((one) => !one.sectionName))
      .map(({ metadata }) => `${metadata.name} is on every listener`),
    !overTls.some((one) => one.name === "front") && "the front is spoken to without TLS",
  ].filter(Boolean);
}

// Up fast and down slowly: a pod that goes ends connections, and a quiet minute is no trend.
export function scalingIsCalm(objects) {
  return ofKind(objects, "HorizontalPodAutoscaler").flatMap(({ metadata, spec }) => {
    const { scaleUp, scaleDown } = spec.behavior ?? {};
    return [
      !(scaleDown?.stabilizationWindowSeconds >= 300) && "goes down after a quiet minute",
      !scaleDown?.policies?.every((one) => one.type === "Pods" && one.value === 1) &&
        "goes down by more than one",
      scaleUp?.stabilizationWindowSeconds !== 0 && "waits before it goes up",
    ]
      .filter(Boolean)
      .map((what) => `${metadata.name}: ${what}`);
  });
}

// CPU says little where a thread waits for a store: what is under way rises first.
export function loadIsRequestsToo(objects) {
  const adapter = readFileSync(join(root, "deploy/observability/adapter.yaml"), "utf8");
  return ofKind(objects, "HorizontalPodAutoscaler").flatMap(({ metadata, spec }) => {
    const pods = spec.metrics.filter((one) => one.type === "Pods");
    return [
      !spec.metrics.some((one) => one.resource?.name === "cpu") && "does not look at CPU",
      pods.length === 0 && "does not look at what is under way",
      ...pods.map(
        ({ pods: { metric } }) =>
          !adapter.includes(`name: {as: ${metric.name}}`) && `nobody knows ${metric.name}`,
      ),
    ]
      .filter(Boolean)
      .map((what) => `${metadata.name}: ${what}`);
  });
}

// Browsers the gateway, by the Ingress; CRMs the front, which leads to each service.
export function strangersReachTheTwoDoors(objects) {
  const balanced = ofKind(objects, "Service").filter(({ spec }) => spec.type !== undefined);
  const open = [
    ...ofKind(objects, "Ingress").flatMap(pathsOf),
    ...balanced.map(({ metadata }) => `${metadata.name} by itself`),
  ];
  const wanted = ["/ → gateway http", "front by itself"];
  const config = readFileSync(join(root, "deploy/front/nginx.conf"), "utf8");
  const led = fiveServices.filter((name) =>
    config.includes(`location /gatehouse.${name}. {\n      grpc_pass grpcs://${name};`),
  );
  return [
    ...open.filter((one) => !wanted.includes(one)).map((one) => `${one} is open to strangers`),
    ...wanted.filter((one) => !open.includes(one)).map((one) => `${one} is closed`),
    ...fiveServices.filter((name) => !led.includes(name)).map((name) => `no way leads to ${name}`),
  ];
}

// Each caller has his share, so the front must see who calls.
export function callersKeepTheirAddress(objects) {
  const { spec } = named(objects, "Service", "front");
  return spec.externalTrafficPolicy === "Local" ? [] : ["all callers are one to the front"];
}

// A proxy that shows a certificate of ours would make every stranger a service.
export function theProxyIsNoService(objects) {
  return ofKind(objects, "Ingress")
    .filter(({ metadata }) =>
      Object.keys(metadata.annotations).some((key) => /ssl-secret/.test(key)),
    )
    .map(({ metadata }) => `${metadata.name} shows a certificate`);
}

export function theProxyEndsTls(objects) {
  return ofKind(objects, "Ingress").flatMap(({ metadata, spec }) => {
    const hosts = (spec.tls ?? []).flatMap((one) => one.hosts);
    return spec.rules
      .filter(({ host }) => !host || !hosts.includes(host))
      .map(({ host }) => `${metadata.name}: ${host} is without TLS`);
  });
}
