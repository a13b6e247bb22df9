; What only the machine knows, in the information structure of Multiboot 0.6.96.
; The host has filled in the rest, with an empty memory map behind it.

%include "memory.inc"
        extern  map_count
        extern  memory_end
        extern  __info_physical
        extern  __info_map              ; where the memory map goes
        global  tell
        bits 32
        section .stage progbits alloc exec write align=4

tell:   mov     ebx, __info_physical
        movzx   eax, word [0x413]       ; the BIOS's count of KiB below 640 KiB
        mov     [ebx + 4], eax
        mov     eax, [memory_end]
        shr     eax, 10
        sub     eax, 1024
        mov     [ebx + 8], eax
        mov     al, [DRIVE]
        mov     [ebx + 15], al

        mov     edi, __info_map
        mov     esi, MAP
        mov     edx, [map_count]
        imul    eax, edx, 24
        mov     [ebx + 44], eax
.entry: dec     edx
        js      .done
        mov     eax, 20                 ; size of what follows
        stosd
        mov     ecx, 5
        rep movsd
        add     esi, 4
        jmp     .entry
.done:  mov     eax, 0x2badb002
        ret

        section .note.GNU-stack progbits noalloc noexec nowrite align=1
