"""What the interpreter runs while it starts, in the place of its own first imports."""

import sys

sys.dont_write_bytecode = True
sys.path.insert(0, "/app")

import science  # noqa: E402

science.prepare()
