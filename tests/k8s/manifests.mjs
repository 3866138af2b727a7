// Renders deploy/k8s as `kubectl apply -k` would, and finds things in what comes out.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";

export const root = fileURLToPath(new URL("../..", import.meta.url));
export const fiveServices = ["identity", "cases", "invitation", "notification", "documents"];
export const services = [...fiveServices, "gateway"];
export const workloads = [...services, "front"]; // nginx, with settings of ours.
export const overlays = ["try", "production"];

// Today's kubectl and Debian 12's, where ./run has found both.
const { KUBECTLS = "kubectl" } = process.env;
export const kubectls = KUBECTLS.split(":");

const folders = [];

// A copy of deploy/k8s that a test may write to, with what overlays/try needs made in it.
export class Checkout {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), "gatehouse-k8s-"));
    folders.push(this.folder);
    cpSync(join(root, "deploy/k8s"), this.path(), {
      recursive: true,
      filter: (path) => !path.endsWith("/secrets"),
    });
    cpSync(join(root, "tests/support"), join(this.folder, "tests/support"), { recursive: true });
    execFileSync(this.path("overlays/try/make-secrets"));
  }

  path(below = "") {
    return join(this.folder, "deploy/k8s", below);
  }

  read(file) {
    return readFileSync(this.path(file), "utf8");
  }

  // Throws where nothing changes: the file has become another than the test was written for.
  replace(file, from, to) {
    const before = this.read(file);
    const after = before.replace(from, to);
    if (after === before) throw new Error(`${file} has nothing like ${from}`);
    writeFileSync(this.path(file), after);
    return this;
  }

  // What a person would have written into values.env, and beside it.
  fillProduction() {
    const values = this.read("overlays/production/values.env").replace(
      /^(\w+)=$/gm,
      (_, name) => `${name}=${productionValues[name] ?? "given"}`,
    );
    writeFileSync(this.path("overlays/production/values.env"), values);
    writeFileSync(this.path("overlays/production/postgres-ca.crt"), "a certificate\n");
    this.writeNetwork();
    return this.replace(
      "overlays/production/kustomization.yaml",
      images.map((name) => `- name: ${name}\n`).join(""),
      images
        .map((name) => `- {name: ${name}, newName: registry.example/${name}, digest: ${digest}}\n`)
        .join(""),
    );
  }

  // As a person would: the ways out, from values.env.
  writeNetwork(overlay = "production") {
    execFileSync("/usr/bin/python3", [this.path("network"), this.path(`overlays/${overlay}`)]);
    return this;
  }

  // With all that production's kustomization.yaml only offers.
  addEverything() {
    const file = "overlays/production/kustomization.yaml";
    const offers = ["gateway-api", "monitoring", "backup", "watch"].map((one) => `../../${one}`);
    for (const offered of [...offers, "autoscaling.yaml", "tracing.yaml"]) {
      this.replace(file, `# - ${offered} `, `- ${offered} `);
    }
    const values = "overlays/production/values.env";
    return this.replace(values, /^BACKUP_STORAGE_SIZE=.*$/m, "BACKUP_STORAGE_SIZE=500Gi");
  }

  render(overlay, kubectl = kubectls[0]) {
    const text = execFileSync(kubectl, ["kustomize", this.path(`overlays/${overlay}`)], {
      stdio: ["ignore", "pipe", "pipe"],
      maxBuffer: 1 << 26,
    });
    // Kubernetes reads YAML 1.1.
    const objects = parseAllDocuments(text.toString(), { version: "1.1" }).map((one) => one.toJS());
    for (const { data } of ofKind(objects, "Secret")) {
      // Today's kubectl folds base64 into lines, which Kubernetes overlooks.
      for (const key of Object.keys(data)) data[key] = data[key].replace(/\s/g, "");
    }
    return objects;
  }
}

process.on("exit", () => folders.forEach((one) => rmSync(one, { recursive: true, force: true })));

const images = ["gatehouse", "gatehouse-documents", "gatehouse-front", "gatehouse-operations"];
const digest = `"sha256:${"0123456789abcdef".repeat(4)}"`;
export const productionValues = {
  HOST: "portal.example.com",
  GRPC_HOST: "grpc.example.com",
  INGRESS_NAMESPACE: "proxies",
  MONITORING_NAMESPACE: "metrics",
  POSTGRES_TO: "10.20.0.0/16",
  REDIS_TO: "redis",
  STORAGE_SIZE: "100Gi",
};

export function ofKind(objects, kind) {
  return objects.filter((found) => found.kind === kind);
}

export function named(objects, kind, name) {
  const found = ofKind(objects, kind).find((one) => one.metadata.name === name);
  if (!found) throw new Error(`there is no ${kind} ${name}`);
  return found;
}

// Of what makes pods: a Deployment, a Job, a CronJob.
export const templateOf = ({ spec }) => (spec.jobTemplate?.spec ?? spec).template;
export const podOf = (workload) => templateOf(workload).spec;
export const containersOf = (deployment) => [
  ...(podOf(deployment).initContainers ?? []),
  ...podOf(deployment).containers,
];

export function makersOfPods(objects) {
  return ["Deployment", "Job", "CronJob"].flatMap((kind) => ofKind(objects, kind));
}

const secretFolder = "/etc/gatehouse/secrets/";

// {setting, secret, key} of each setting that a container is told to read from a file of a Secret.
export function secretFilesOf(workload, container) {
  const mount = container.volumeMounts?.find((one) => `${one.mountPath}/` === secretFolder);
  const volume = podOf(workload).volumes?.find((one) => one.name === mount?.name);
  return (container.env ?? [])
    .filter(({ name, value }) => name.endsWith("_FILE") && value?.startsWith(secretFolder))
    .map(({ name, value }) => ({
      setting: name.replace(/_FILE$/, ""),
      secret: volume?.secret?.secretName,
      key: value.slice(secretFolder.length),
    }));
}

// The Deployments of Gatehouse itself, without an overlay's stores.
export function serviceDeployments(objects) {
  return ofKind(objects, "Deployment").filter((found) => workloads.includes(found.metadata.name));
}

// Whether a label selector of Kubernetes means these labels. An empty one means all.
export function selects(selector, labels) {
  const operators = {
    In: ({ key, values }) => values.includes(labels[key]),
    NotIn: ({ key, values }) => !values.includes(labels[key]),
    Exists: ({ key }) => key in labels,
    DoesNotExist: ({ key }) => !(key in labels),
  };
  return (
    Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value) &&
    (selector.matchExpressions ?? []).every((one) => operators[one.operator](one))
  );
}
