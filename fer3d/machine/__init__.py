"""This machine and its neighbours: settings, limits, threads, progress, the ordered map."""
