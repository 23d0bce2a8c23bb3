"""Runs the Python lines of Runs.md on a finished run.

    python3 Tests/Reference/recipes.py RUN

Needs pandas, matplotlib and wandb, which stays offline. Exits with 1 if a recipe fails.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

page = pathlib.Path(__file__).parents[2] / "Sources/Runs/Runs.docc/Runs.md"
run = pathlib.Path(sys.argv[1]).resolve()
recipes = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
failed = 0
with tempfile.TemporaryDirectory() as folder:
    for recipe in recipes:
        # A path may contain quotes.
        code = recipe.replace('"RUN/', f'{str(run)!r} + "/')
        environment = {**os.environ, "MPLBACKEND": "agg", "WANDB_MODE": "offline", "WANDB_SILENT": "true"}
        ended = subprocess.run(
            [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True)
        failed += ended.returncode != 0
        print(f"{'failed' if ended.returncode else 'ran'}: {recipe.splitlines()[0]}")
        if ended.returncode:
            print(ended.stderr, file=sys.stderr)
sys.exit(1 if failed or len(recipes) < 3 else 0)
