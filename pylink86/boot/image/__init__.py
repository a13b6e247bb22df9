"""From a kernel to a disk that boots: everything that can be known before the machine is on.

The host has the kernel's ELF file, so it decides nearly all: which frames of physical memory the
segments get, the page tables, stack and boot information.  All that becomes data on the disk, as
blocks that the loader reads to their places.  What only the machine knows (its memory) is left to
the few hundred lines of assembly in `pylink86.boot.loader`.

`build.disk_image` is the way in; each module here is one decision on the way:
config (what the user wants), kernel (what the ELF file says), space (addresses the kernel will
see), paging (page tables), plan (blocks and symbols for the loader), multiboot, assemble (the
loader, linked), media (bytes of the disk).
"""
