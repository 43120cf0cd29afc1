"""A package for each audience and task; pages ask and answer, they never write."""
