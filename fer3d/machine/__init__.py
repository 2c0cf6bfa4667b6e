"""This machine and its neighbours: settings, memory, threads, progress, the ordered map."""
