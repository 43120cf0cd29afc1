"""What Kernepuls costs. Run one by `python -m benchmarks.NAME`, all by `make bench`."""

# Before numpy: it decides how many threads there are.
import survey as survey
