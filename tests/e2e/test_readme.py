#!/usr/bin/python3
"""Every command of README.md is run, as it stands, from the top of the house.

    test_readme.py FORBEAR

Lines of ```sh blocks are commands, one a line or continued with a backslash. The commands that make
the house (test.sh, which runs this very test, and demo.sh, which has its own) are looked at: they must
exist and be executable. For the others the demo's folder is made first, with the binary under test.
"""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

from deployment import ROOT

MAKES_THE_HOUSE = ("scripts/test.sh", "scripts/demo.sh", "scripts/bench.sh", "git clone", "cd ")


def commands(text):
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S):
        for line in block.replace("\\\n", " ").splitlines():
            line = line.split(" # ")[0].strip()
            if line and not line.startswith("#"):
                yield line


def main():
    binary, faults, ran = pathlib.Path(sys.argv[1]), [], 0
    with tempfile.TemporaryDirectory(prefix="forbear-readme-") as folder:
        # A house of its own: the same files, the binary where README says it is, a fresh build/.
        house = pathlib.Path(folder) / "forbear"
        house.mkdir()
        for item in ROOT.iterdir():
            if item.name not in ("build", ".git"):
                (house / item.name).symlink_to(item)
        target = house / "build" / "release" / "bin"
        target.mkdir(parents=True)
        (target / "forbear").symlink_to(binary)
        demo = subprocess.run([house / "scripts" / "demo.sh"], capture_output=True, text=True,
                              cwd=house, env={**os.environ, "FORBEAR_BIN": str(binary),
                                              "FORBEAR_DEMO_DIR": str(house / "build" / "demo")})
        if demo.returncode != 0:
            print(demo.stdout + demo.stderr)
            return 1
        for page in ("README.md", "docs/audit-log.md", "docs/auditor.md",
                     "docs/operations.md", "docs/policies.md"):
            for command in commands((ROOT / page).read_text("utf-8")):
                if command.startswith(MAKES_THE_HOUSE):
                    script = shlex.split(command)[0]
                    if script.startswith("scripts/") and not os.access(ROOT / script, os.X_OK):
                        faults.append(f"{page}: {command}: no such script")
                    continue
                done = subprocess.run(["bash", "-eu", "-c", command], cwd=house,
                                      capture_output=True, text=True, timeout=300)
                ran += 1
                print(f"{page}: {command}: exit {done.returncode}")
                if done.returncode != 0:
                    faults.append(f"{page}: {command}: exit {done.returncode}\n"
                                  f"{done.stdout[-1000:]}{done.stderr[-1000:]}")
        shutil.rmtree(house / "build")
    if ran == 0:
        faults.append("no command was run")
    print("\n".join(faults) or f"{ran} commands ran")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
