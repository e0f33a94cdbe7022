"""A deployment for tests: a folder with keys and a configuration, and `forbear serve` running on it.

    with Deployment(folder, binary, policies=…) as house:
        house.start()
        …
        house.stop()        # SIGTERM, and it must exit 0
"""

import contextlib
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "examples" / "python"))

ORIGIN = "test.example/forbear"
READY = re.compile(r"^forbear: ready grpc=(\S+)(?: http=(\S+))?", re.M)
START = "2026-03-02T00:00:00Z"


class Failed(Exception):
    pass


def free_ports(count):
    """Ports that nobody listens on now. All are held at once, so that they differ."""
    with contextlib.ExitStack() as held:
        return [held.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
                for _ in range(count)]


class Deployment:
    def __init__(self, folder, binary, policies=ROOT / "policies", treatment=None, clock=None,
                 channels=""):
        self.folder, self.binary = pathlib.Path(folder), str(binary)
        self.policies = pathlib.Path(policies)
        self.treatment = treatment or ROOT / "policies" / "treatments" / "gentle.yaml"
        self.clock, self.channels = clock, channels
        self.data, self.keys = self.folder / "data", self.folder / "keys"
        self.outbox, self.export = self.folder / "outbox", self.folder / "export"
        self.process, self.http = None, None
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.keys.exists():
            self.run("keys", "generate", "--origin", ORIGIN, "--out", self.keys)
        self.vkey = self.keys / "log.vkey"
        lender, officer, operator = free_ports(3)
        self.addresses = {"lender": f"127.0.0.1:{lender}", "officer": f"127.0.0.1:{officer}",
                          "operator": f"127.0.0.1:{operator}"}
        self.config = self.folder / "forbear.yaml"
        self.write_config()

    def write_config(self):
        listeners = "".join(
            f"  - {{address: '{address}', insecure_loopback: true, identity: "
            f"{{{'' if role == 'operator' else 'tenant: demo, '}role: {role}, id: test-{role}}}}}\n"
            for role, address in self.addresses.items())
        self.config.write_text(
            f"node: test\ndata: {self.data}\npolicies: {self.policies}\n"
            f"treatment: {self.treatment}\nkeys: {self.keys}\noutbox: {self.outbox}\n"
            f"export: {self.export}\nhttp: 127.0.0.1:0\n"
            + (f"clock: '{self.clock}'\n" if self.clock else "")
            + (f"channels: {self.channels}\n" if self.channels else "")
            + f"listeners:\n{listeners}"
            "tenants:\n  - id: demo\n    name: Example Collections\n"
            "    fallback_places: [{country: TW}]\n"
            "    licences: [tw_authorised_collector]\n", "utf-8")

    def run(self, *arguments, expect=0):
        """One call of the program; its stdout. Failed unless it exits as expected."""
        done = subprocess.run([self.binary, *map(str, arguments)], capture_output=True, text=True)
        if expect is not None and done.returncode != expect:
            raise Failed(f"forbear {' '.join(map(str, arguments))}: exit {done.returncode}\n"
                         f"{done.stdout}{done.stderr}")
        return done.stdout if expect is not None else done

    def start(self, wait=30, preexec=None):
        """Starts serve and waits for its ready line. Failed with its last words if there is none."""
        self.log = open(self.folder / "operations.log", "ab")
        self.out = self.folder / "serve.out"
        with open(self.out, "wb") as out:
            self.process = subprocess.Popen([self.binary, "serve", "--config", str(self.config)],
                                            stdout=out, stderr=self.log, preexec_fn=preexec)
        until = time.monotonic() + wait
        while time.monotonic() < until:
            match = READY.search(self.out.read_text("utf-8"))
            if match:
                self.http = match[2]
                return self
            if self.process.poll() is not None:
                break
            time.sleep(0.01)
        code = self.process.poll()
        self.kill()
        words = (self.folder / "operations.log").read_text("utf-8", "replace")[-2000:]
        raise Failed(f"serve is not ready (exit {code}):\n{words}")

    def stop(self, wait=60):
        """SIGTERM: drains and exits 0."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(wait)
        self.process = None
        self.log.close()
        if code != 0:
            raise Failed(f"serve left with {code} on SIGTERM")

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
            self.log.close()

    def verify(self, *more):
        return self.run("audit", "verify", "--from", self.export, "--key", self.vkey, *more)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def remove(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
