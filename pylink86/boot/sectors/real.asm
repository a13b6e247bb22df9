; Boot sector for a 16-bit stage.
%define ROOM_FOR_BPB
%define CODE_END 440                    ; then disk signature and partition table
%include "load.inc"
%include "a20.inc"

        mov     ebx, __stage_bss_start  ; zero .bss by paragraphs: it may lie anywhere below 0x80000,
        shr     ebx, 4                  ; and a segment reaches only 64 KiB
        mov     edx, __stage_bss_size
        shr     edx, 4
        jz      .clear
        xor     ax, ax
.bss:   mov     es, bx
        xor     di, di
        mov     cx, 8
        rep     stosw
        inc     bx
        dec     dx
        jnz     .bss

.clear: xor     ax, ax
        mov     es, ax
        mov     fs, ax
        mov     gs, ax
        movzx   edx, byte [DRIVE]
        mov     edi, edx
        mov     esp, __stage_stack - 12
        push    edx                     ; for a stage in C: its argument
        push    dword halt              ; and where it returns to, by ret or by retl
        jmp     0:__stage_entry

%include "end.inc"
