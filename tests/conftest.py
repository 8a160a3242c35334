"""The real corpora, where they lie beside the checkout (tests never download them); Hypothesis without a clock."""

import os
from pathlib import Path

from hypothesis import settings

DATA = Path(__file__).parents[2] / "shared" / "data"

if not os.environ.get("UNROLLED_DATA") and DATA.is_dir():
    os.environ["UNROLLED_DATA"] = str(DATA)

settings.register_profile("unrolled", deadline=None)  # a busy machine is no failure
settings.load_profile("unrolled")
