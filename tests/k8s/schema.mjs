// Whether an object is one of Kubernetes' (cert-manager's, External Secrets'), by the schemas that
// they publish: `kubernetes-models` has them as validators, and as types.
import { fileURLToPath } from "node:url";
import ts from "typescript";

const packages = {
  "cert-manager.io": "@kubernetes-models/cert-manager/",
  "external-secrets.io": "@kubernetes-models/external-secrets/",
  "gateway.networking.k8s.io": "@kubernetes-models/gateway-api/",
  "monitoring.coreos.com": "@kubernetes-models/prometheus-operator/",
  "postgresql.cnpg.io": "@kubernetes-models/cloudnative-pg/",
};

function moduleOf({ apiVersion }) {
  const [group] = apiVersion.split("/");
  return `${packages[group] ?? "kubernetes-models/"}${apiVersion}`;
}

const nameOf = ({ kind, metadata }) => `${kind} ${metadata.name}`;

// Wrong types, values and formats, and what is missing.
export async function schemaOffences(objects) {
  const offences = [];
  for (const object of objects) {
    const models = await import(moduleOf(object)).catch(() => ({}));
    const Model = models[object.kind];
    if (!Model) {
      offences.push(`${nameOf(object)}: ${object.apiVersion} has no such kind`);
      continue;
    }
    try {
      new Model(object).validate();
    } catch (error) {
      offences.push(`${nameOf(object)}: ${error.message}`);
    }
  }
  return offences;
}

// Fields that nobody knows, such as those with a typing error: the validators let them pass, as an
// older cluster does, but TypeScript does not.
export function unknownFields(objects) {
  const file = fileURLToPath(new URL("objects.ts", import.meta.url));
  const text = objects
    .map((object, i) => {
      const type = `import(${JSON.stringify(moduleOf(object))}).I${object.kind}`;
      return `export const object${i}: ${type} = ${JSON.stringify(object)};`;
    })
    .join("\n");
  const options = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    noEmit: true,
    skipLibCheck: true,
    strict: true,
    types: [],
  };
  const compiler = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = compiler;
  compiler.fileExists = (path) => path === file || fileExists(path);
  compiler.readFile = (path) => (path === file ? text : readFile(path));
  compiler.getSourceFile = (path, target, ...rest) =>
    path === file
      ? ts.createSourceFile(path, text, target)
      : getSourceFile.call(compiler, path, target, ...rest);
  const program = ts.createProgram([file], options, compiler);
  return ts.getPreEmitDiagnostics(program).map((found) => {
    const { line } = found.file.getLineAndCharacterOfPosition(found.start);
    return `${nameOf(objects[line])}: ${ts.flattenDiagnosticMessageText(found.messageText, " ")}`;
  });
}
