"""LLVM's own tests of ld.lld and llvm-objcopy, run against our commands (see README.md)."""
