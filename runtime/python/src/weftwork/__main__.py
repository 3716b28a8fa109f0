"""`python -m weftwork ...` is `weft ...`."""

from weftwork._program import main

main()
