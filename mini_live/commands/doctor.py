"""``doctor``: what this machine has and lacks."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from mini_live.doctor import NEEDED, examine
from mini_live.quiet_libraries import quiet_native_logs
from talkingface.reporting import Reporter


def run(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Tell every check; the exit code is 1 where something needed is missing."""
    checks = []
    with quiet_native_logs(enabled=not arguments.debug):
        for check in examine():
            checks.append(check)
            reporter.event("check", asdict(check))
            mark = "ok     " if check.ok else ("MISSING" if check.weight == NEEDED else "missing")
            cure = f"\n         cure: {check.cure}" if check.cure and not check.ok else ""
            if not reporter.as_json:
                reporter.note(f"{mark}  {check.name}: {check.found}{cure}")
    missing = [check.name for check in checks if not check.ok and check.weight == NEEDED]
    optional = [check.name for check in checks if not check.ok and check.weight != NEEDED]
    verdict = f"missing: {', '.join(missing)}" if missing else "this machine can speak"
    if optional:
        verdict += f" (without: {', '.join(optional)})"
    reporter.result(
        {"command": "doctor", "ok": not missing, "missing": missing, "optional_missing": optional,
         "checks": [asdict(check) for check in checks]},
        verdict,
    )  # fmt: skip
    return 1 if missing else 0
