"""Tests without a runtime: `python -m unittest`."""
