"""The real corpora, where they lie beside the checkout; tests never download them."""

import os
from pathlib import Path

DATA = Path(__file__).parents[2] / "shared" / "data"

if not os.environ.get("UNROLLED_DATA") and DATA.is_dir():
    os.environ["UNROLLED_DATA"] = str(DATA)
