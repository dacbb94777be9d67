# Run this cell first: it installs the package that this notebook imports, and looks for a GPU.
import importlib.metadata
import os
import subprocess
import sys
import tempfile
from pathlib import Path

BUDGET = "book"  # or "full": longer runs, on a GPU if there is one
WHEEL = "ganbook-0-py3-none-any.whl"
ADDRESS = ""
DATA = ()


def installed(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def wheel():
    for folder in (".", "/content", "/kaggle/working", "/kaggle/input"):
        for found in sorted(Path(folder).glob(f"**/{WHEEL}" if "input" in folder else WHEEL)):
            return str(found)
    return ADDRESS


if installed("ganbook") != WHEEL.split("-")[1]:
    if not wheel():
        raise SystemExit(
            f"Put the file {WHEEL} beside this notebook, then run this cell again. It is in the\n"
            "download menu of the book's pages. Colab: folder icon on the left, then upload.\n"
            "Kaggle: Add Input, Upload, as a dataset. JupyterLab, VS Code: the notebook's folder."
        )
    # What is here stays as it is: the runtime's torch goes with its GPU.
    kept = [f"{p}=={installed(p)}" for p in ("torch", "torchvision", "numpy") if installed(p)]
    constraints = Path(tempfile.mkdtemp(), "constraints.txt")
    constraints.write_text("\n".join(kept) + "\n")
    command = [sys.executable, "-m", "pip", "install", "-q", "-c", str(constraints), wheel()]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit("ganbook could not be installed:\n" + done.stderr[-1500:])
    importlib.invalidate_caches()

os.environ["GANBOOK_BUDGET"] = BUDGET

import torch

from ganbook import data

for load in DATA:
    for split in ("train", "test"):
        try:
            print(f"{load}, {split}: {len(getattr(data, load)(split))} pictures")
        except data.DataError as error:
            print(f"{load}, {split}: {error}")
if not torch.cuda.is_available():
    print("Device: the CPU, on which every cell runs. To switch a GPU on (Colab: Runtime, Change")
    print("runtime type; Kaggle: Session options, Accelerator), then run this cell again.")
elif BUDGET == "full":
    print(f"Device: {torch.cuda.get_device_name()}")
else:
    print(f"Device: the CPU. {torch.cuda.get_device_name()} is here, too: BUDGET = 'full' above")
    print("makes the runs longer and uses it. Restart the kernel after changing it.")
