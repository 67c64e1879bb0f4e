"""The UDP probe against Samba's nmbd, in a network namespace of its own for port 137."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from probes.model import Service

PROBE = """
import asyncio, json
from probes import udp
from probes.call import Call, NoAnswer
from probes.vantage.local.vantage import LocalVantage
from probes.model import Job, Target
from profiles.model import Check

async def main():
    vantage = LocalVantage()
    check = Check("real.udp", "c", "r", "udp", "udp", "udp", "", "", "", port=137)
    job, now = Job("k", check, Target("r", "192.0.2.1"), 137), asyncio.get_running_loop().time()
    while True:
        try:
            answer = await udp.ask(Call(vantage, job, "192.0.2.1", 4.0, 1, now))
        except NoAnswer:
            await asyncio.sleep(0.2)
            continue
        # nmbd claims its names one after another in its first seconds.
        if answer.facts["computer"] and answer.facts["workgroup"]:
            break
        await asyncio.sleep(0.2)
    print(json.dumps([answer.service, dict(answer.facts)]))

asyncio.run(main())
"""
FOLDERS = ("private dir", "lock directory", "state directory", "cache directory", "pid directory")


def test_nmbd_tells_its_names_and_workgroup(need, tmp_path: Path) -> None:
    need("nmbd", "unshare", "ip")
    config = tmp_path / "smb.conf"
    lines = ["netbios name = LABBOX", "workgroup = LABGROUP", "server role = standalone"]
    lines += [f"{folder} = {tmp_path}" for folder in (*FOLDERS, "ncalrpc dir")]
    config.write_text("\n".join(("[global]", *lines, "")))
    # The loopback interface has no broadcast address, and nmbd serves none without.
    script = f"""
    set -e
    ip link set lo up
    ip link add d0 type veth peer name d1
    ip link set d1 up
    ip link set d0 up
    ip addr add 192.0.2.1/24 brd + dev d0
    nmbd -F --no-process-group -s {config} -l {tmp_path} >/dev/null 2>&1 &
    set +e
    {sys.executable} -c "$PROBE"
    result=$?
    kill $!
    wait $!
    exit $result
    """
    done = subprocess.run(
        ["unshare", "-n", "sh", "-c", script],
        env={**os.environ, "PROBE": PROBE},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    service, facts = json.loads(done.stdout)
    assert service == Service.CONFIRMED
    assert (facts["computer"], facts["workgroup"]) == ("LABBOX", "LABGROUP")
    assert "LABBOX<20>" in facts["names"]
