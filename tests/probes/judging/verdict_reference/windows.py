"""Cases of Windows computers and domain controllers, and of enabling PowerShell Remoting."""

from __future__ import annotations

from probes.judging.check_outcome import VerdictRow
from probes.model import Ruling
from tests.probes.judging.verdict_reference.case import (
    BAD,
    LESS,
    MUTE,
    NO_NAME,
    NO_RIGHT,
    OK,
    SPARED,
    WAITING,
    WARNED,
    Case,
)

ENABLING = ("rpc", "smb", "netbios", "rpc_dynamic", "udp135", "udp139")


DC = {"windows.kerberos": OK, "windows.ldap": OK}


NO_DC = "no domain controller was checked for Kerberos (TCP 88) and LDAP (TCP 389)"


MUTE_PORTS = "Remoting (UDP 135) and Audit Agent (UDP 139) cannot be verified from outside"


READY_AFTER = (
    "The computer can be audited once the Audit Service has enabled PowerShell Remoting, for which "
    "the way is open"
)


WINRM_FIX = (
    "Enable PowerShell Remoting on the Windows target and allow inbound TCP 5985 from the Audit "
    "Service host."
)


KERBEROS_FIX = "Allow inbound TCP 88 on the domain controller from the Audit Service host."


LDAP_FIX = "Allow inbound TCP 389 on the domain controller from the Audit Service host."


SMB_FIX = "Allow inbound TCP 445 on the Windows target from the Audit Service host."


def windows(winrm: VerdictRow, **enabling: VerdictRow) -> dict[str, VerdictRow]:
    """WinRM, and the enabling ports: unnecessary beside it, else there as far as can be seen."""
    rows = {"windows.winrm": winrm}
    for name in ENABLING:
        usual = SPARED if winrm in (OK, WARNED) else MUTE if name.startswith("udp") else OK
        rows[f"enable.{name}"] = enabling.get(name, usual)
    return rows


ONLY_PORT = (
    "When PowerShell Remoting is already enabled on the target, TCP 5985 is the only target port "
    "required for scan and audit."
)


KERBEROS = "Kerberos authentication. Domain authentication fails if this port is unavailable."


LDAP = (
    "LDAP queries. Audit can continue without this port, but current-user information is not "
    "collected."
)


ENABLE = (
    "The following ports are needed only when PowerShell Remoting is not enabled and the Audit "
    "Service must recognize the Windows target and enable remoting remotely."
)


RPC = (
    "The firewall must also allow RPC traffic used for Windows recognition, device identification, "
    "and remote PowerShell Remoting setup."
)


WINDOWS = [
    # Computers and domain controllers
    Case(
        ONLY_PORT,
        "windows.target",
        windows(OK),
        Ruling.READY,
        "The computer can be audited.",
        because=("windows.winrm", "windows.kerberos", "windows.ldap"),
        elsewhere=DC,
    ),
    Case(
        "PowerShell Remoting is enabled",
        "windows.target",
        windows(OK),
        Ruling.READY,
        f"The computer can be audited; {NO_DC}.",
        because=("windows.winrm",),
    ),
    Case(
        "WinRM over HTTP for Windows recognition, device identification, and audit.",
        "windows.target",
        windows(BAD, **dict.fromkeys(ENABLING, SPARED)),
        Ruling.BLOCKED,
        "The computer cannot be audited: WinRM (TCP 5985) is not available.",
        (WINRM_FIX,),
        ("windows.winrm",),
        DC,
        {"enable_remoting": "no"},
    ),
    Case(
        "PowerShell Remoting is enabled",
        "windows.target",
        windows(NO_NAME, **dict.fromkeys(ENABLING, NO_NAME)),
        Ruling.UNKNOWN,
        "It is not known whether the computer can be audited: the name does not resolve.",
        elsewhere=DC,
    ),
    Case(
        "PowerShell Remoting is enabled",
        "windows.target",
        windows(NO_NAME, **{**dict.fromkeys(ENABLING, NO_NAME), "rpc_dynamic": WAITING}),
        Ruling.UNKNOWN,
        "It is not known whether the computer can be audited: the name does not resolve.",
        elsewhere=DC,
    ),
    Case(
        "Domain credentials are used",
        "windows.target",
        windows(OK),
        Ruling.READY,
        "The computer can be audited; no domain controller was checked for LDAP (TCP 389).",
        answers={"domain_credentials": "no"},
    ),
    Case(
        KERBEROS,
        "windows.target",
        windows(OK),
        Ruling.BLOCKED,
        "The computer cannot be audited: domain authentication fails, because Kerberos (TCP 88) "
        "is not available on any domain controller checked.",
        (KERBEROS_FIX,),
        ("windows.kerberos",),
        {"windows.kerberos": BAD, "windows.ldap": OK},
    ),
    Case(
        KERBEROS,
        "windows.target",
        windows(OK),
        Ruling.UNKNOWN,
        "It is not known whether the computer can be audited: Kerberos (TCP 88) could not be "
        "tested on any domain controller.",
        elsewhere={"windows.kerberos": NO_NAME, "windows.ldap": OK},
    ),
    Case(
        KERBEROS,
        "windows.target",
        windows(OK),
        Ruling.READY,
        "The computer can be audited.",
        answers={"domain_credentials": "no"},
        elsewhere={"windows.kerberos": SPARED, "windows.ldap": OK},
    ),
    Case(
        KERBEROS,
        "windows.dc",
        {"windows.kerberos": BAD, "windows.ldap": OK},
        Ruling.BLOCKED,
        "Domain authentication fails with this domain controller: Kerberos (TCP 88) is not "
        "available.",
        (KERBEROS_FIX,),
        ("windows.kerberos",),
    ),
    Case(
        "Domain credentials are used",
        "windows.dc",
        {"windows.kerberos": SPARED, "windows.ldap": SPARED},
        Ruling.READY,
        "Nothing is required here under the answers that were given.",
        because=(),
        answers={"domain_credentials": "no", "current_user": "no"},
    ),
    Case(
        LDAP,
        "windows.target",
        windows(OK),
        Ruling.DEGRADED,
        "The computer can be audited, but current-user information is not collected, because LDAP "
        "(TCP 389) is not available on any domain controller checked.",
        (LDAP_FIX,),
        ("windows.ldap",),
        {"windows.kerberos": OK, "windows.ldap": LESS},
    ),
    Case(
        LDAP,
        "windows.dc",
        {"windows.kerberos": OK, "windows.ldap": LESS},
        Ruling.DEGRADED,
        "The audit can use this domain controller, but current-user information is not collected, "
        "because LDAP (TCP 389) is not available.",
        (LDAP_FIX,),
        ("windows.ldap",),
    ),
    Case(
        "Current-user information is collected from Active Directory",
        "windows.dc",
        {"windows.kerberos": OK, "windows.ldap": SPARED},
        Ruling.READY,
        "The audit can use this domain controller.",
        answers={"current_user": "no"},
    ),
    Case(
        "Current-user information is collected from Active Directory",
        "windows.dc",
        {"windows.kerberos": BAD, "windows.ldap": LESS},
        Ruling.BLOCKED,
        "Domain authentication fails with this domain controller: Kerberos (TCP 88) is not "
        "available.",
        (KERBEROS_FIX, LDAP_FIX),
    ),
    # Enabling PowerShell Remoting remotely
    Case(
        ENABLE,
        "windows.target",
        windows(BAD),
        Ruling.READY_AFTER,
        f"{READY_AFTER}; {MUTE_PORTS}.",
        (),
        (
            "windows.winrm",
            "enable.rpc",
            "enable.smb",
            "enable.netbios",
            "enable.rpc_dynamic",
            "windows.kerberos",
            "windows.ldap",
        ),
        DC,
    ),
    Case(
        ENABLE,
        "windows.target",
        windows(BAD),
        Ruling.DEGRADED,
        f"{READY_AFTER}, but current-user information is not collected, because LDAP (TCP 389) is "
        f"not available on any domain controller checked; {MUTE_PORTS}.",
        (LDAP_FIX,),
        elsewhere={"windows.kerberos": OK, "windows.ldap": LESS},
    ),
    Case(
        # The answer yes has them measured beside WinRM too; then SMB alone is enough.
        ENABLE,
        "windows.target",
        windows(BAD, smb=BAD),
        Ruling.BLOCKED,
        "The computer cannot be audited: WinRM (TCP 5985) and SMB (TCP 445) are not available.",
        (SMB_FIX,),
        elsewhere=DC,
        answers={"enable_remoting": "yes"},
    ),
    Case(
        ONLY_PORT,
        "windows.target",
        windows(OK, **{**dict.fromkeys(ENABLING, OK), "smb": BAD}),
        Ruling.READY,
        "The computer can be audited; SMB (TCP 445) is not available, which matters only without "
        "WinRM (TCP 5985).",
        elsewhere=DC,
        answers={"enable_remoting": "yes"},
    ),
    Case(
        ENABLE,
        "windows.target",
        windows(BAD, smb=NO_RIGHT),
        Ruling.UNKNOWN,
        "It is not known whether the computer can be audited: WinRM (TCP 5985) is not available, "
        "and SMB (TCP 445) could not be tested.",
        (WINRM_FIX,),
        ("windows.winrm", "enable.smb"),
        DC,
    ),
    Case(
        # Were WinRM there, SMB would not matter.
        ENABLE,
        "windows.target",
        windows(NO_RIGHT, smb=BAD),
        Ruling.UNKNOWN,
        "It is not known whether the computer can be audited: SMB (TCP 445) is not available, and "
        "WinRM (TCP 5985) could not be tested.",
        elsewhere=DC,
    ),
    Case(
        RPC,
        "windows.target",
        windows(BAD, rpc_dynamic=BAD),
        Ruling.BLOCKED,
        "The computer cannot be audited: WinRM (TCP 5985) and RPC dynamic (TCP 49152-65535) are "
        "not available.",
        (WINRM_FIX,),
        elsewhere=DC,
    ),
    *(
        Case(
            says,
            "windows.target",
            windows(BAD, **{name: BAD, "rpc_dynamic": WAITING if name == "rpc" else OK}),
            Ruling.BLOCKED,
            f"The computer cannot be audited: WinRM (TCP 5985) and {title} are not available.",
            (WINRM_FIX,),
            ("windows.winrm", f"enable.{name}"),
            DC,
        )
        for says, name, title in (
            ("RPC endpoint mapping", "rpc", "RPC mapper (TCP 135)"),
            ("Windows recognition", "netbios", "NetBIOS (TCP 139)"),
            ("SMB communication", "smb", "SMB (TCP 445)"),
            # Rejected by a device on the path: silence there would tell nothing.
            ("Enable PowerShell Remoting remotely", "udp135", "Remoting (UDP 135)"),
            ("Detect a remote Audit Agent", "udp139", "Audit Agent (UDP 139)"),
        )
    ),
]
