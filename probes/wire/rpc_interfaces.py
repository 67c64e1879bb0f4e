"""RPC interfaces by name, those that recognition and remoting use first (MS-* as cited)."""

from __future__ import annotations

from uuid import UUID

_NAMES = (
    ("367abb81-9844-35f1-ad32-98f038001003", "service control manager"),  # MS-SCMR
    ("86d35949-83c9-4044-b424-db363231fd0c", "task scheduler"),  # MS-TSCH
    ("1ff70682-0a51-30e8-076d-740be8cee98b", "task scheduler (at)"),  # MS-TSCH
    ("378e52b0-c0a9-11cf-822d-00aa0051e40f", "task scheduler (agent)"),  # MS-TSCH
    ("338cd001-2244-31f1-aaaa-900038001003", "remote registry"),  # MS-RRP
    ("99fcfec4-5260-101b-bbcb-00aa0021347a", "DCOM object resolver"),  # MS-DCOM
    ("000001a0-0000-0000-c000-000000000046", "DCOM activation"),  # MS-DCOM
    ("4d9f4ab8-7d1c-11cf-861e-0020af6e7c57", "DCOM activation (old)"),  # MS-DCOM
    ("12345778-1234-abcd-ef00-0123456789ac", "account database"),  # MS-SAMR
    ("12345778-1234-abcd-ef00-0123456789ab", "security policy"),  # MS-LSAD
    ("4b324fc8-1670-01d3-1278-5a47bf6ee188", "server service"),  # MS-SRVS
    ("6bffd098-a112-3610-9833-46c3f87e345a", "workstation service"),  # MS-WKST
    ("894de0c0-0d55-11d3-a322-00c04fa321a1", "shutdown"),  # MS-RSP
    ("76f226c3-ec14-4325-8a99-6a46348418af", "Windows start"),  # MS-RSP
    ("d95afe70-a6d5-4259-822e-2c84da1ddb0d", "Windows shutdown"),  # MS-RSP
    ("f6beaff7-1e19-4fbb-9f8f-b89e2018337c", "event log"),  # MS-EVEN6
    ("82273fdc-e32a-18c3-3f78-827929dc23ea", "event log (old)"),  # MS-EVEN
    ("12345678-1234-abcd-ef00-01234567cffb", "net logon"),  # MS-NRPC
    ("e3514235-4b06-11d1-ab04-00c04fc2dcd2", "directory replication"),  # MS-DRSR
    ("f5cc5a18-4264-101a-8c59-08002b2f8426", "directory address book"),  # MS-NSPI
    ("76f03f96-cdfd-44fc-a22c-64950a001209", "print system (asynchronous)"),  # MS-PAR
    ("12345678-1234-abcd-ef00-0123456789ab", "print spooler"),  # MS-RPRN
    ("6b5bdd1e-528c-422c-af8c-a4079be4fe48", "firewall control"),  # MS-FASP
    ("50abc2a4-574d-40b3-9d66-ee4fd5fba076", "DNS server"),  # MS-DNSP
    ("b9785960-524f-11df-8b6d-83dcded72085", "group keys"),  # MS-GKDI
    ("e1af8308-5d1f-11c9-91a4-08002b14a0fa", "endpoint mapper"),  # C706 appendix O
    ("afa8bd80-7d8a-11c9-bef4-08002b102989", "RPC management"),  # C706 appendix Q
)
_BY_UUID = {UUID(uuid): (rank, name) for rank, (uuid, name) in enumerate(_NAMES)}


def name_of(uuid: UUID) -> str:
    """What an interface is for; empty where it is not one of these."""
    return _BY_UUID[uuid][1] if uuid in _BY_UUID else ""


def rank_of(uuid: UUID) -> int:
    """How much recognition and remoting lean on an interface; 0 is most."""
    return _BY_UUID[uuid][0] if uuid in _BY_UUID else len(_BY_UUID)
