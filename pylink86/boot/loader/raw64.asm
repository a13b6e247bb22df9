; What only the machine knows, for a 64-bit kernel without a protocol: see raw.inc.
%include "memory.inc"
        extern  __info_virtual
        bits 64
%define AT      rdi
%include "raw.inc"
        mov     rdi, __info_virtual
        ret
