"""`python -m desk` is `loa`."""

import sys

from desk.cli import main

sys.exit(main())
