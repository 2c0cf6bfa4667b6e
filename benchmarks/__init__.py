"""Speed, memory and the object store, measured: ``python -m benchmarks``."""
