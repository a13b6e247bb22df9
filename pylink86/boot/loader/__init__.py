"""The loader of disk images: nasm sources, and the objects scripts/build-sectors makes of them.

mbr: the first sector.  stage: everything up to 32-bit mode.  Then one of `long` and `flat`, for 64-
and 32-bit kernels, with one part that knows the protocol: bootinfo, raw64, raw32, multiboot1,
multiboot2.  `pylink86.boot.image` links them and gives them their numbers.
"""
