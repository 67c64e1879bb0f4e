"""SNMP v1, v2c and v3: reachability and the device that answers."""
