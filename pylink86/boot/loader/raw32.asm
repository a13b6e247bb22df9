; What only the machine knows, for a 32-bit kernel without a protocol: see raw.inc.
%include "memory.inc"
        bits 32
%define AT      edi
%include "raw.inc"
        mov     edi, __info_physical
        ret
