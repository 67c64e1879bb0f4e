"""`python -m tui` is `auditreach`."""

import sys

from tui.cli import main

sys.exit(main())
