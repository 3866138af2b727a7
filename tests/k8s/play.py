"""Plays deploy/k8s/overlays/try with podman; `play` starts it in namespaces of its own.

1. The stores, the migrations, then the services, one pod each, until every probe of the manifests
   succeeds.
2. The main job over REST, as `./dev demo` performs it.
3. A second pod of every service, until calls reach both.
4. A replica is killed while requests go on: clients see success or 503 with Retry-After, and it
   comes back.
5. Every pod of every service is replaced while requests go on, as `kubectl rollout restart` does
   it: no request fails.
"""
import concurrent.futures
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

import play_dns
import play_load
import play_pods
import yaml

TOP = pathlib.Path(__file__).resolve().parents[2]
STATE = pathlib.Path(os.environ["GATEHOUSE_PODMAN_STATE"])
PODMAN = TOP / "deploy/images/podman"
LOGS = TOP / ".dev/play-logs"  # Kept where something failed.
OUR_IMAGES = ("localhost/gatehouse:latest", "localhost/gatehouse-documents:latest")
NETWORK, SUBNET, GATEWAY = "gatehouse", "10.89.0.0/24", "10.89.0.1"
READY_SECONDS = 90
SPREAD_SECONDS = 120  # A connection lives a minute, and only a new one finds a new pod.
KILLED = "cases"      # In the way of the most requests.
BEGIN = time.monotonic()


def say(text):
    print(f"{time.monotonic() - BEGIN:6.1f} s  {text}", flush=True)


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout.strip()


def podman(*command, **options):
    return run(PODMAN, *command, **options)


def manifests():
    """What `kubectl kustomize` makes of overlays/try, with secrets that only this run has."""
    copy = STATE / "source"
    shutil.copytree(TOP / "deploy/k8s", copy / "deploy/k8s",
                    ignore=lambda _, names: {"secrets"} & set(names))
    shutil.copytree(TOP / "tests/support", copy / "tests/support")
    overlay = copy / "deploy/k8s/overlays/try"
    run(overlay / "make-secrets")
    return [found for found in yaml.safe_load_all(run("kubectl", "kustomize", overlay)) if found]


class Pod:
    """One replica, with what the kubelet would do for it."""

    def __init__(self, deployment, number, config_maps):
        self.service = deployment["metadata"]["name"]
        self.name = f"{self.service}-{number}"
        [self.container] = deployment["spec"]["template"]["spec"]["containers"]
        self.full_name = f"{self.name}-{self.container['name']}"
        documents = [*config_maps, play_pods.pod(deployment, number, GATEWAY)]
        podman("kube", "play", "--network", NETWORK, "-",
               input=yaml.safe_dump_all(documents))
        infra = podman("pod", "inspect", "-f", "{{.InfraContainerID}}", self.name)
        networks = json.loads(podman("inspect", "-f", "{{json .NetworkSettings.Networks}}", infra))
        self.ip = networks[NETWORK]["IPAddress"]

    def port(self, port):
        return next((known["containerPort"] for known in self.container["ports"]
                     if known.get("name") == port), port)

    def get(self, port, path):
        connection = http.client.HTTPConnection(self.ip, self.port(port), timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def passes(self, probe):
        try:
            if "exec" in probe:
                podman("exec", self.full_name, *probe["exec"]["command"])
            elif "httpGet" in probe:
                status, _ = self.get(probe["httpGet"]["port"], probe["httpGet"]["path"])
                return status == 200
            else:
                address = (self.ip, self.port(probe["tcpSocket"]["port"]))
                socket.create_connection(address, timeout=5).close()
        except (SystemExit, OSError, http.client.HTTPException):
            return False
        return True

    def wait(self):
        """Until it has started, is ready and alive, each by its own probe."""
        end = time.monotonic() + READY_SECONDS
        for kind in play_pods.PROBES:
            while not self.passes(self.container[kind]):
                if time.monotonic() > end:
                    raise SystemExit(f"{self.name}: no {kind} within {READY_SECONDS} s")
                time.sleep(0.2)
        return self

    def kill(self):
        os.kill(int(podman("inspect", "-f", "{{.State.Pid}}", self.full_name)), signal.SIGKILL)

    def restarts(self):
        return int(podman("inspect", "-f", "{{.RestartCount}}", self.full_name))

    def stop(self, seconds):
        """As the kubelet: SIGTERM, and time to end. Says with what it ended."""
        podman("stop", "-t", str(seconds), self.full_name)
        code = podman("inspect", "-f", "{{.State.ExitCode}}", self.full_name)
        self.keep_log()
        podman("pod", "rm", "-f", self.name)
        return int(code)

    def keep_log(self):
        with open(LOGS / f"{self.name}.log", "w", encoding="utf-8") as log:
            subprocess.run([PODMAN, "logs", self.full_name], stdout=log, stderr=log, check=False)

    def calls(self):
        """How many RPCs it has answered, or HTTP requests, but for probes."""
        _, metrics = self.get("operations", "/metrics")
        return sum(float(value) for value in re.findall(
            r"^gatehouse_(?:rpcs|http_requests)_total\{(?!.*grpc\.health).*\} (\S+)$", metrics,
            re.MULTILINE))


class Cluster:
    """The pods of every service."""

    def __init__(self, objects):
        self.deployments = play_pods.deployments(objects)
        self.jobs = play_pods.of_kind(objects, "Job")
        self.config_maps = list(play_pods.config_maps(objects))
        images = {name: made["spec"]["template"]["spec"]["containers"][0]["image"]
                  for name, made in self.deployments.items()}
        self.services = [name for name, image in images.items()
                         if play_pods.local(image) in OUR_IMAGES]
        self.stores = [name for name in images if name not in self.services]
        self.pods = {name: [] for name in images}
        self.made = dict.fromkeys(images, 0)
        podman("network", "create", "--internal", "--disable-dns", "--subnet", SUBNET,
               "--gateway", GATEWAY, NETWORK)
        play_dns.serve(self.ready)

    def ready(self, name):
        """The addresses that a Service's name leads to; None where there is no such Service."""
        return [pod.ip for pod in self.pods[name]] if name in self.pods else None

    def keep_address(self):
        """A bridge takes the lowest of its ports' addresses, unless one was set. Whenever a pod
        came or went, the others would answer to an address that is not there any more."""
        bridge = podman("network", "inspect", "-f", "{{.NetworkInterface}}", NETWORK)
        run("ip", "link", "set", "dev", bridge, "address", "02:00:00:00:00:01")

    def add(self, name):
        """One more pod, when it is ready."""
        number = self.made[name]
        self.made[name] += 1
        pod = Pod(self.deployments[name], number, self.config_maps).wait()
        self.pods[name].append(pod)
        return pod

    def run_jobs(self):
        """Each Job to its end, which must be a good one."""
        for job in self.jobs:
            made = play_pods.pod(job, 0, GATEWAY)
            podman("kube", "play", "--network", NETWORK, "-",
                   input=yaml.safe_dump_all([*self.config_maps, made]))
            name = made["metadata"]["name"]
            names = [f"{name}-{one['name']}" for one in made["spec"]["containers"]]
            codes = dict(zip(names, podman("wait", *names).split()))
            if set(codes.values()) != {"0"}:
                for container in names:
                    say(podman("logs", container))
                raise SystemExit(f"a Job failed: {codes}")
            podman("pod", "rm", "-f", name)

    def each(self, work, names):
        with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
            return list(pool.map(work, names))

    def replace(self, name):
        """With maxSurge 1 and maxUnavailable 0: a new pod is ready before an old one is stopped."""
        spec = self.deployments[name]["spec"]
        codes = []
        for old in list(self.pods[name]):
            self.add(name)
            time.sleep(spec["minReadySeconds"])
            self.pods[name].remove(old)
            codes.append(old.stop(spec["template"]["spec"]["terminationGracePeriodSeconds"]))
        return name, codes

    def setting(self, secret, name):
        return next(found["data"][name] for found in self.config_maps
                    if found["metadata"]["name"] == secret)

    def addresses(self, name, port):
        return [(pod.ip, pod.port(port)) for pod in self.pods[name]]

    def keep_logs(self):
        for pod in sum(self.pods.values(), []):
            pod.keep_log()


def demo(cluster):
    [gateway], [sink] = cluster.addresses("gateway", "http"), cluster.addresses("sink", "http")
    subprocess.run(["node", "tests/e2e/demo.ts"], cwd=TOP, check=True, env={
        "PATH": os.environ["PATH"], "GATEHOUSE_URL": "http://%s:%d" % gateway,
        "GATEHOUSE_SINK_URL": "http://%s:%d" % sink,
        "GATEHOUSE_OPERATOR_KEY": cluster.setting("identity-secrets", "GATEHOUSE_OPERATOR_KEY")})


def until_spread(cluster):
    """Until every pod of every service has answered a call."""
    waiting = {pod.name: pod for name in cluster.services for pod in cluster.pods[name]}
    begin = time.monotonic()
    while waiting:
        waiting = {name: pod for name, pod in waiting.items() if pod.calls() == 0}
        if time.monotonic() - begin > SPREAD_SECONDS:
            raise SystemExit(f"no call within {SPREAD_SECONDS} s: {', '.join(waiting)}")
        time.sleep(0.5)
    say(f"calls reach both pods of every service after {time.monotonic() - begin:.0f} s")


def judge(answers, allowed, what):
    say(f"{what}, clients saw {dict(answers)}")
    if not answers["200"] or set(answers) - allowed:
        raise SystemExit(f"{what}, clients saw what they should not")


def kill_one(cluster, load):
    victim = cluster.pods[KILLED][0]
    load.since()
    begin = time.monotonic()
    victim.kill()
    while victim.restarts() == 0:
        if time.monotonic() - begin > READY_SECONDS:
            raise SystemExit(f"{victim.name} does not come back")
        time.sleep(0.1)
    victim.wait()
    say(f"{victim.name} was killed, and is ready again after {time.monotonic() - begin:.1f} s")
    time.sleep(3)
    judge(load.since(), {"200", "503 with Retry-After"}, "while it was killed")


def replace_all(cluster, load):
    load.since()
    begin = time.monotonic()
    for name, codes in cluster.each(cluster.replace, cluster.services):
        if any(codes):
            raise SystemExit(f"pods of {name} ended with {codes}, where SIGTERM leads to 0")
    say(f"every pod of every service was replaced within {time.monotonic() - begin:.0f} s")
    time.sleep(3)
    judge(load.since(), {"200"}, "while they were replaced")


def play(cluster):
    cluster.each(cluster.add, cluster.stores)
    cluster.keep_address()
    say(f"ready: {', '.join(cluster.stores)}")
    cluster.run_jobs()
    say("the migrations are done")
    cluster.each(cluster.add, cluster.services)
    say(f"ready: {', '.join(cluster.services)}")
    demo(cluster)
    say("the main job is done")
    cluster.each(cluster.add, cluster.services)
    say("a second pod of every service is ready")
    key = cluster.setting("identity-secrets", "GATEHOUSE_OPERATOR_KEY")
    with play_load.Load(lambda: cluster.addresses("gateway", "http"), key) as load:
        until_spread(cluster)
        judge(load.since(), {"200"}, "until then")
        kill_one(cluster, load)
        replace_all(cluster, load)


def main():
    shutil.rmtree(LOGS, ignore_errors=True)
    LOGS.mkdir()
    cluster = Cluster(manifests())
    try:
        play(cluster)
    except BaseException:
        cluster.keep_logs()
        say(f"failed; what every container said is in {LOGS.relative_to(TOP)}")
        raise
    shutil.rmtree(LOGS)
    say("passed")


if __name__ == "__main__":
    sys.exit(main())
