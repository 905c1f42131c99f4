# SPDX-License-Identifier: GPL-2.0-only
"""Names of virtio device types and feature bits (virtio 1.3, sections 5 and 6)."""

TYPES = {
    1: "net", 2: "blk", 3: "console", 4: "rng", 5: "balloon", 7: "rpmsg", 8: "scsi", 9: "9p",
    16: "gpu", 18: "input", 19: "vsock", 20: "crypto", 23: "iommu", 24: "mem", 25: "sound",
    26: "fs", 27: "pmem", 34: "scmi", 40: "bt",
}

COMMON = {
    24: "NOTIFY_ON_EMPTY", 27: "ANY_LAYOUT", 28: "INDIRECT_DESC", 29: "EVENT_IDX",
    32: "VERSION_1", 33: "ACCESS_PLATFORM", 34: "RING_PACKED", 35: "IN_ORDER",
    36: "ORDER_PLATFORM", 37: "SR_IOV", 38: "NOTIFICATION_DATA", 39: "NOTIF_CONFIG_DATA",
    40: "RING_RESET", 41: "ADMIN_VQ",
}

OWN = {
    1: {
        0: "CSUM", 1: "GUEST_CSUM", 2: "CTRL_GUEST_OFFLOADS", 3: "MTU", 5: "MAC", 6: "GSO",
        7: "GUEST_TSO4", 8: "GUEST_TSO6", 9: "GUEST_ECN", 10: "GUEST_UFO", 11: "HOST_TSO4",
        12: "HOST_TSO6", 13: "HOST_ECN", 14: "HOST_UFO", 15: "MRG_RXBUF", 16: "STATUS",
        17: "CTRL_VQ", 18: "CTRL_RX", 19: "CTRL_VLAN", 20: "CTRL_RX_EXTRA",
        21: "GUEST_ANNOUNCE", 22: "MQ", 23: "CTRL_MAC_ADDR", 50: "DEVICE_STATS",
        51: "HASH_TUNNEL", 52: "VQ_NOTF_COAL", 53: "NOTF_COAL", 54: "GUEST_USO4",
        55: "GUEST_USO6", 56: "HOST_USO", 57: "HASH_REPORT", 59: "GUEST_HDRLEN", 60: "RSS",
        61: "RSC_EXT", 62: "STANDBY", 63: "SPEED_DUPLEX", 65: "GUEST_UDP_TUNNEL_GSO",
        66: "GUEST_UDP_TUNNEL_GSO_CSUM", 67: "HOST_UDP_TUNNEL_GSO",
        68: "HOST_UDP_TUNNEL_GSO_CSUM",
    },
    2: {
        0: "BARRIER", 1: "SIZE_MAX", 2: "SEG_MAX", 4: "GEOMETRY", 5: "RO", 6: "BLK_SIZE",
        7: "SCSI", 9: "FLUSH", 10: "TOPOLOGY", 11: "CONFIG_WCE", 12: "MQ", 13: "DISCARD",
        14: "WRITE_ZEROES", 15: "LIFETIME", 16: "SECURE_ERASE", 17: "ZONED",
    },
    5: {
        0: "MUST_TELL_HOST", 1: "STATS_VQ", 2: "DEFLATE_ON_OOM", 3: "FREE_PAGE_HINT",
        4: "PAGE_POISON", 5: "PAGE_REPORTING",
    },
}

# Bits of the device status (section 2.1).
STATUS = {0: "ACKNOWLEDGE", 1: "DRIVER", 2: "DRIVER_OK", 3: "FEATURES_OK", 6: "NEEDS_RESET",
          7: "FAILED"}


def names(device_type, bits):
    """Return the names of the bits that are set in a string of 0 and 1, bit 0 first."""
    table = {**COMMON, **OWN.get(device_type, {})}
    return [table.get(number, f"bit {number}") for number, bit in enumerate(bits) if bit == "1"]


def status_names(value):
    """Return the names of the bits that are set in a device status."""
    return [STATUS.get(bit, f"bit {bit}") for bit in range(8) if value >> bit & 1]
