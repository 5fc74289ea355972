"""Ask whether anything that is pinned has a known vulnerability; say so and pass where nobody can be asked."""

import json
import subprocess
import sys


def main() -> int:
    """Return 1 where a package is known to be vulnerable, else 0."""
    command = "pip_audit --requirement requirements-dev.txt --require-hashes --disable-pip --format json"
    asked = subprocess.run(
        [sys.executable, "-m", *command.split(), "--progress-spinner", "off"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    try:
        packages = json.loads(asked.stdout)["dependencies"]
    except ValueError:
        why = asked.stderr.strip().splitlines() or ["no answer"]
        sys.stdout.write(f"not audited, nobody could be asked: {why[-1]}\n")
        return 0
    vulnerable = [package for package in packages if package.get("vulns")]
    unknown = [package for package in packages if "skip_reason" in package]
    for package in vulnerable:
        found = ", ".join(each["id"] for each in package["vulns"])
        sys.stdout.write(f"{package['name']} {package['version']} is vulnerable: {found}\n")
    sys.stdout.write(f"audited {len(packages) - len(unknown)} packages, {len(unknown)} could not be looked up\n")
    return 1 if vulnerable else 0


if __name__ == "__main__":
    sys.exit(main())
