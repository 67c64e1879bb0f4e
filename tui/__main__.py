"""`python -m tui` is `auditreach`."""

import sys

from tui.cli.main import main

sys.exit(main())
