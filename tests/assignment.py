"""A small assignment for tests of the page: one task that says what every part of a live exercise must do."""

SOURCE = '''---
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

```{code-cell} ipython3
:tags: [setup]
import numpy as np
from unrolled.axes import expect_shape
from unrolled.scratch.rnn import rnn_step


class CheckFailed(AssertionError):
    pass


def check_double(double):
    x = np.array([1.0, 2.0])
    got = double(x)
    if got is None:
        raise CheckFailed("Not yet. `double` returned nothing: is the `return` missing?")
    if not np.allclose(got, 2 * x):
        raise CheckFailed(f"Not yet. `double` gives {got[0]:g} for 1, expected 2.")
```

## Task 1. Twice as much

Return $2x$ for an array `x`. <b>Mind</b> the shape.

```{code-cell} ipython3
:nbgrader: {"grade": false, "grade_id": "double", "locked": false, "schema_version": 3, "solution": true}
:unrolled: {"minutes": 5, "practice": true, "hints": ["Think of `x`.", "Add $x$ to itself.", "One line."]}
def double(x):
    """2x, for any array </script>"""
    ### BEGIN SOLUTION
    return x + x  # the secret answer
    ### END SOLUTION
```

```{code-cell} ipython3
:nbgrader: {"grade": true, "grade_id": "double-test", "locked": true, "points": 2, "schema_version": 3, "solution": false}
check_double(double)
### BEGIN HIDDEN TESTS
assert double(3) == 6, "hidden words"
### END HIDDEN TESTS
```
'''
