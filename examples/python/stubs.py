"""The Python form of our contract, made from proto/ when first needed and kept in build/.

    import stubs
    api = stubs.load()
    api.account.AccountServiceStub(channel)

Made with Debian's protoc and grpc_python_plugin; nothing generated is kept in the repository.
"""

import fcntl
import importlib
import os
import pathlib
import shutil
import subprocess
import sys
import types

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROTO = ROOT / "proto"


def _generate(out):
    plugin = shutil.which("grpc_python_plugin")
    if not plugin or not shutil.which("protoc"):
        raise SystemExit("stubs: no protoc or grpc_python_plugin here; run scripts/install-deps.sh")
    files = sorted(str(f.relative_to(PROTO)) for folder in ("forbear/v1", "google/rpc")
                   for f in (PROTO / folder).glob("*.proto"))
    subprocess.run(["protoc", f"-I{PROTO}", "-I/usr/include", f"--python_out={out}",
                    f"--grpc_python_out={out}", f"--plugin=protoc-gen-grpc_python={plugin}", *files],
                   check=True)


def load(out=None):
    """The generated modules: `types`, `words`, `account`, `borrower`, `contact`, … as one value."""
    out = pathlib.Path(out or os.environ.get("FORBEAR_STUBS") or ROOT / "build" / "python-stubs")
    out.mkdir(parents=True, exist_ok=True)
    with open(out / ".lock", "w") as lock:  # several programs may start at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = out / ".made"
        newest = max(f.stat().st_mtime for f in PROTO.rglob("*.proto"))
        if not stamp.exists() or stamp.stat().st_mtime < newest:
            _generate(out)
            stamp.touch()
    if str(out) not in sys.path:
        sys.path.insert(0, str(out))
    import google
    if str(out / "google") not in google.__path__:  # google.rpc lies beside google.protobuf
        google.__path__.append(str(out / "google"))

    def of(name):
        return importlib.import_module(f"forbear.v1.{name}")

    api = types.SimpleNamespace(types=of("types_pb2"), words=of("words_pb2"))
    for service in ("account", "borrower", "contact", "audit", "operations"):
        # Messages and stubs of one service under one name.
        both = types.SimpleNamespace(**vars(of(f"{service}_service_pb2")))
        both.__dict__.update(vars(of(f"{service}_service_pb2_grpc")))
        setattr(api, service, both)
    api.error_details = importlib.import_module("google.rpc.error_details_pb2")
    return api
