"""Environments of the programs that weft is compared with."""

import subprocess
import sys

from measure import BENCHES


def environment(name, requirements):
    """The Python of a cached environment that has these packages; none if they cannot be installed."""
    folder = BENCHES / "environments" / name
    done = folder / "requirements.txt"
    wanted = "\n".join(requirements) + "\n"
    python = folder / "bin" / "python"
    if done.exists() and done.read_text() == wanted:
        return python
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements]
    if requirements and subprocess.run(install, stdout=subprocess.DEVNULL).returncode != 0:
        return None
    done.write_text(wanted)
    return python
