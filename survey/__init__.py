"""Everything around the analysis. To read this package sets up the arithmetic of the process.

The matrices of the analysis are small: with more than one thread the linear algebra of numpy
mostly waits, on cores that serve pages. It reads this when it is loaded.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
