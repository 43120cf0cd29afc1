"""One module per audience and task; pages ask and answer, they never write."""
