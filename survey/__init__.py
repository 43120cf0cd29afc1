"""Everything around the analysis. To read this package sets up the arithmetic of the process.

The matrices of the analysis are small: with more than one thread the linear algebra of numpy
mostly waits, on cores that serve pages. It reads this when it is loaded. A wave is a hundred
thousand cells, none of them in a cycle: the collector looks seldom.
"""

import gc
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
gc.set_threshold(100_000, 50, 50)
