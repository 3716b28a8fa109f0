"""The runner on the Python that runs this: `python host.py ROOT argv...`. What it takes for fixed paths lies below ROOT."""

import sys
import sysconfig
from pathlib import Path

root, *argv = sys.argv[1:]
sys.path.insert(0, str(Path(__file__).parent.parent / "app"))

from weft_python import kfp_function, process  # noqa: E402

process.PACKAGES = f"{root}/packages"
kfp_function.FOLDER = f"{root}/tmp/kfp/component"
paths = sysconfig.get_paths()
process.library_path = [paths["stdlib"], f"{paths['stdlib']}/lib-dynload", paths["purelib"]]
sys.exit(process.main(["python3", *argv]))
