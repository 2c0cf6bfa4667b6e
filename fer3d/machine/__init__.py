"""Settings, memory limits, threads, progress, and the ordered map on processes or Dask."""
