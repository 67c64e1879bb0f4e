"""The help of the main screen."""

HELP = """\
auditreach: can the audit reach what it must reach?

HOSTS   i       go to the host line; type ROLE=HOST, then Enter measures
                HOST: name, address, 10.0.0.0/24, 10.0.0.10-20, @file,
                domain:NAME (its domain controllers); HOST:PORT where a
                role has one port. Up recalls what was typed before.
        Escape  leaves the line
        a       answers the questions only you can answer
        c       takes credentials for SNMP and SSH, kept in memory only

RUN     r       measures the selected row again
        R       measures everything again that is not ok
        g       measures everything again
        x       stops; rows measured so far keep their result

TABLE   up/down, Page up/down, Home/End move; Enter goes to the details
        f       shows failures only, and everything again
        v       lists the verdicts, the worst target first; Enter there
                shows the rows of one, Escape all again
        d       says what is behind the failures, cause by cause;
                Enter there shows the rows of one, Escape all again
        /       shows rows with all these words, in any column
        o, O    sorts by the next column; the other way round
                (a click on a column's head does the same)
        y       copies a command that confirms the row, again the next one
        Y       copies what to paste for its change, again the next one

TREE    t       goes to the tree; the node under the cursor filters
        space   excludes a check, role or section, or includes it again
        left/right fold and unfold

        Tab     goes to the next pane
        s       saves a copy of the session log
        ctrl+p  every action by name
        ctrl+l  draws the screen again
        q       quits

STATUS  ok            the path is open and the right service answered
        degraded      works without it, at the cost the note states
        warning       works, but something will bite
        blocked       required and not available
        unverifiable  nothing answers there by nature
        not needed    its condition does not hold
        error         not tested: never a pass, never blocked
"""
