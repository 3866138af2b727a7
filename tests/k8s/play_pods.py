"""The manifests as podman 4.3 takes them: what it lacks is left out or said another way.

Left out, since podman has no such thing; the tests of the manifests themselves look after these:
Namespace, ServiceAccount, HorizontalPodAutoscaler, PodDisruptionBudget, NetworkPolicy, Ingress.

  Job          its pod, once; who plays waits for its end.
  Deployment   one Pod for each replica; podman 4.3 would make one, whatever number it asks for.
  Service      a name in play_dns.py, which leads to the pods that are ready. For Services that
               are not headless that is not quite the same: there is no virtual address before them.
  Secret       a ConfigMap: podman 4.3 keeps Secrets as YAML, reads them as JSON for a variable, and
               without decoding them for a file.
  PersistentVolumeClaim   podman makes a volume of that name when a pod first asks for it.
  probes       performed by play.py, as the kubelet does; podman would call curl in the container.
  ports        podman 4.3 would open each on the host as well, where two pods want the same one.
  image        the one that was built here last, which is not asked for anywhere else.
  restartPolicy   OnFailure in place of Always, which podman 4.3 applies to init containers as well:
               one that has succeeded would be started again and again.
  fsGroup      does not exist in podman. What a pod's group may read in Kubernetes may be read by
               everyone in that pod here.
"""
import base64
import copy

import play_dns

PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def of_kind(objects, kind):
    return [found for found in objects if found["kind"] == kind]


def deployments(objects):
    """The Deployments by name."""
    return {found["metadata"]["name"]: found for found in of_kind(objects, "Deployment")}


def config_maps(objects):
    """What pods read: the ConfigMaps, and each Secret as one."""
    for found in of_kind(objects, "ConfigMap") + of_kind(objects, "Secret"):
        data = found.get("data", {})
        if found["kind"] == "Secret":
            data = {key: base64.b64decode(value).decode() for key, value in data.items()}
        yield {"apiVersion": "v1", "kind": "ConfigMap", "data": data,
               "metadata": {"name": found["metadata"]["name"]}}


def local(image):
    """The image of that name that was built here.

    >>> local("registry.example/team/gatehouse:1.2"), local("registry.example/gatehouse@sha256:01")
    ('localhost/gatehouse:latest', 'localhost/gatehouse:latest')
    """
    return f"localhost/{image.split('/')[-1].split(':')[0].split('@')[0]}:latest"


def read_config_maps(spec):
    """Makes a pod read ConfigMaps where it read Secrets."""
    for container in spec.get("initContainers", []) + spec["containers"]:
        for variable in container.get("env", []):
            source = variable.get("valueFrom", {})
            if "secretKeyRef" in source:
                source["configMapKeyRef"] = source.pop("secretKeyRef")
    for volume in spec.get("volumes", []):
        if "secret" in volume:
            secret = volume.pop("secret")
            volume["configMap"] = {"name": secret["secretName"],
                                   "optional": secret.get("optional", False)}


def pod(deployment, number, resolver):
    """One replica of a Deployment, or what a Job starts, which has names resolved at that address.

    >>> made = pod({"kind": "Deployment", "metadata": {"name": "a"},
    ...   "spec": {"template": {"metadata": {}, "spec": {
    ...   "containers": [{"name": "c", "image": "i", "livenessProbe": {}, "env": [
    ...     {"name": "E", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}],
    ...   "volumes": [{"name": "v", "secret": {"secretName": "s"}}]}}}}, 0, "10.0.0.1")
    >>> made["metadata"]["name"], made["spec"]["volumes"]
    ('a-0', [{'name': 'v', 'configMap': {'name': 's', 'optional': False}}])
    >>> made["spec"]["containers"] # doctest: +NORMALIZE_WHITESPACE
    [{'name': 'c', 'image': 'localhost/i:latest',
      'env': [{'name': 'E', 'valueFrom': {'configMapKeyRef': {'name': 's', 'key': 'k'}}}],
      'imagePullPolicy': 'Never'}]
    """
    template = copy.deepcopy(deployment["spec"]["template"])
    spec = template["spec"]
    spec["restartPolicy"] = "Never" if deployment["kind"] == "Job" else "OnFailure"
    spec["dnsConfig"] = {"nameservers": [resolver], "searches": [play_dns.DOMAIN],
                         "options": [{"name": "ndots", "value": "5"}]}
    read_config_maps(spec)
    for container in spec.get("initContainers", []) + spec["containers"]:
        container.update(image=local(container["image"]), imagePullPolicy="Never")
        for unwanted in PROBES + ("ports",):
            container.pop(unwanted, None)
    return {"apiVersion": "v1", "kind": "Pod", "spec": spec, "metadata": {
        "name": f"{deployment['metadata']['name']}-{number}",
        "labels": template["metadata"].get("labels", {})}}
