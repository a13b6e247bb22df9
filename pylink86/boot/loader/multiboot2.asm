; What only the machine knows, in the tags of Multiboot 2.  The host has made all tags; the memory map
; is the last, and grows here.

%include "memory.inc"
        extern  map_count
        extern  memory_end
        extern  __info_physical
        extern  __info_memory           ; where the fields of the tags are: KiB of lower and upper memory,
        extern  __info_drive            ; drive,
        extern  __info_map              ; the memory map's tag
        global  tell
        bits 32
        section .stage progbits alloc exec write align=4

tell:   movzx   eax, word [0x413]
        mov     [__info_memory], eax
        mov     eax, [memory_end]
        shr     eax, 10
        sub     eax, 1024
        mov     [__info_memory + 4], eax
        movzx   eax, byte [DRIVE]
        mov     [__info_drive], eax

        mov     edi, __info_map
        imul    eax, [map_count], 24
        add     eax, 16
        mov     [edi + 4], eax          ; size of the tag
        add     edi, 16
        mov     esi, MAP
        mov     ebx, [map_count]
.entry: dec     ebx
        js      .end
        mov     ecx, 5
        rep movsd
        add     esi, 4
        xor     eax, eax
        stosd
        jmp     .entry
.end:   xor     eax, eax                ; the tag that ends the list: type 0, size 8
        stosd
        mov     al, 8
        stosd
        mov     ebx, __info_physical
        sub     edi, ebx
        mov     [ebx], edi              ; size of it all
        mov     eax, 0x36d76289
        ret

        section .note.GNU-stack progbits noalloc noexec nowrite align=1
