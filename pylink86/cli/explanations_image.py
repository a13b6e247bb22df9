"""What the messages about kernels and their disks mean; `explanations` has all others."""

from __future__ import annotations

IMAGE_TEXTS = {
    # Configuration
    "unknown-key": """
`[package.metadata.bootloader]` and `[package.metadata.bootimage]` in a kernel's Cargo.toml have a
fixed set of keys.  One that is not known is refused, because a setting with a typing mistake would
otherwise be left out without a word.

Of `pylink86 run --keys` it is a character that no key of a US keyboard makes.  Keys with names
are written in angle brackets: `--keys "<down><enter>"`.
""",
    "bad-key": """
A key of the kernel's configuration has a value of the wrong kind.  Addresses are strings in hex or
decimal, because TOML has no unsigned numbers of 64 bits, and are multiples of 4096, the size of a
page; physical-memory-offset is a multiple of 2 MiB.  kernel-stack-size is a number of pages above
0.
""",
    "unknown-feature": """
The features are those of the Rust crate `bootloader` 0.9: map_physical_memory,
recursive_page_table, vga_320x200 and sse.  They are read from the dependency on the crate in
Cargo.toml, and from --feature.
""",
    "needs-feature": """
physical-memory-offset says where physical memory is mapped, and that happens only with the feature
map_physical_memory.  The crate `bootloader` refuses the key without the feature, too.
""",
    "bad-manifest": """
The kernel's Cargo.toml cannot be read as TOML, or a part of it that is needed here has another form
than cargo wants.  Which Cargo.toml it is stands in the message: --manifest-path names another.
""",
    "other-bootloader": """
The kernel depends on a version of the crate `bootloader` other than 0.9.  From 0.10 on its BootInfo
has another layout and the entry point other arguments, so the kernel would misread what it is
given.  Depend on `bootloader = "0.9"`, or use --protocol=raw or multiboot2, which need no crate.
""",
    # The kernel
    "one-kernel": """
An image is made of one kernel: name it on the command line, or in the environment variable KERNEL.
""",
    "kernel-machine": """
A PC runs x86 code: the kernel must be an ELF64 file for x86-64 or an ELF32 file for i386.  Whoever
gets an ELF file for another machine has compiled for the host or for a wrong target.
""",
    "kernel-not-linked": """
An object file (.o) holds code that has no addresses yet.  A kernel is what a linker makes of it, an
ELF executable: `pyld kernel.o -T kernel.ld -o kernel.elf`, or whatever cargo and make do in their
last step.
""",
    "kernel-dynamic": """
The kernel is position independent (ELF type DYN, "PIE") or asks for a dynamic loader.  Such a file
still has relocations that somebody must apply at start, and a boot loader does not.  Link it to
fixed addresses: for Rust `-C relocation-model=static`, for gcc `-fno-pie -no-pie -static`.
""",
    "kernel-empty": """
The kernel has an empty .text, so there is nothing to run.  Usually the linker was told to drop what
nobody needs, and did not know the entry point: it has another name than `_start`, is mangled (Rust:
#[unsafe(no_mangle)]), or the script has no ENTRY and no KEEP.
""",
    "kernel-entry": """
The ELF header names an address where the kernel starts, and no segment is there.  A linker that
does not find the entry symbol puts 0 or the start of .text there, with a warning that is easily
overlooked.
""",
    "bad-segment": """
A program header of the kernel contradicts itself or the file: more bytes in the file than in
memory, bytes behind the end of the file, an address that does not exist, two thread-local segments.
The file is damaged, or was changed after linking.
""",
    "segments-overlap": """
Two segments of the kernel want the same memory.  Whichever is loaded last would win.  In linker
scripts this comes from section addresses or AT() that were set by hand and were overtaken by
growing sections.
""",
    "image-overlap": """
Two things shall be at the same address: a segment of the kernel, its stack, the boot information,
the mapping of physical memory, video memory, or the loader itself while it works.  The message
lists both ranges.  Move the kernel in its linker script, or the others with the keys named.
""",
    "kernel-too-large": """
The loader works below 768 MiB of physical memory: kernel, .bss, stack and page tables have to fit
there.  Large arrays in .bss or a large kernel-stack-size are the usual reasons.
""",
    "kernel-too-many-parts": """
The loader has a list of what to load to where, and it must fit into the 64 KiB that 16-bit code can
reach.  A kernel has a handful of segments; thousands come from a linker script that asks for them.
""",
    "sse-off": """
The kernel's code holds SSE instructions, and SSE is off when it starts: the first of them raises an
invalid-opcode exception.  Switch it on with the feature `sse` (--feature sse), or compile without:
for Rust a target with `-sse,+soft-float`, for gcc -mno-sse or -mgeneral-regs-only.
""",
    # Protocols
    "wrong-protocol": """
The protocol `bootloader`, that of the Rust crate, starts kernels in 64-bit mode.  A 32-bit kernel
is started with --protocol=raw, in protected mode without paging, or by its multiboot header.
""",
    "no-multiboot-header": """
A multiboot kernel begins with a header: within its first 8192 bytes for multiboot 1 (magic
0x1badb002), 32768 for multiboot 2 (0xe85250d6).  A linker drops it when nothing refers to it and
--gc-sections is on, and moves it back when other sections come first: KEEP it, and put it first.
""",
    "multiboot-demand": """
The kernel's multiboot header demands something the loader does not have, such as a graphics mode or
EFI services.  Demands can be marked optional in the header; then the kernel is started without
them.
""",
    "multiboot-text-only": """
The kernel's multiboot header prefers a graphics mode.  It is started in text mode, 80 columns and
25 rows at 0xb8000, and the information structure says so.
""",
    "command-line-too-long": """
The information for a multiboot kernel, with the command line and its section headers in it, has a
fixed place in low memory.  Shorten the command line, or strip the kernel's section headers.
""",
    # Running
    "needs-qemu": """
Words after `--` go to QEMU as they are, so they mean something only with --qemu, --window or --gdb.
""",
    "run-command-failed": """
The run-command in Cargo.toml, usually qemu-system-x86_64, cannot be started: it is not installed,
or not on the path.  Without a run-command the kernel runs in the emulator inside this package.
""",
    "cargo-failed": """
`cargo bootimage` builds the kernel with cargo first, and cargo could not be started or has failed;
what it said stands above.  The build-command in [package.metadata.bootimage] says what is called.
""",
    "no-kernel-built": """
cargo has finished, but made no executable a disk could be of: the package has only a library, or
the arguments select something else.  `cargo bootimage` takes cargo's own selection, such as --bin
NAME.
""",
    "test-timeout": """
A test did not end in time, and counts as failed.  A kernel's test has to end the machine itself, by
writing to the exit port 0xf4; test-timeout in [package.metadata.bootimage] gives it more seconds.
""",
}
