; Boot sector for a 32-bit stage.
%define CODE_END 440                    ; then disk signature and partition table
%include "load.inc"
%include "a20.inc"

        cli
        lgdt    [gdt]
        mov     al, 3
        lmsw    ax                      ; PE and MP on, EM and TS off: floating point does not trap
        jmp     8:flat

gdt:    dw      gdt_end - gdt - 1       ; nobody reads the null descriptor: room for the pointer
        dd      gdt
        dw      0
        dq      0x00cf9b000000ffff      ; 8: code, 4 GiB
        dq      0x00cf93000000ffff      ; 16: data, 4 GiB
gdt_end:

        bits 32
flat:   push    byte 16
        pop     eax
        mov     ds, eax
        mov     es, eax
        mov     fs, eax
        mov     gs, eax
        mov     ss, eax
        mov     esp, __stage_stack - 12

        fninit
        pushfd                          ; who can flip bit 21 of the flags has CPUID
        pop     eax
        mov     ecx, eax
        xor     eax, 1 << 21
        push    eax
        popfd
        pushfd
        pop     eax
        xor     eax, ecx
        jz      .plain
        push    byte 1
        pop     eax
        cpuid
        bt      edx, 25                 ; SSE
        jnc     .plain
        mov     eax, cr4
        or      ah, 6                   ; OSFXSR, OSXMMEXCPT
        mov     cr4, eax

.plain: mov     edi, __stage_bss_start
        mov     ecx, __stage_bss_size
        xor     eax, eax
        rep     stosb
        movzx   edi, byte [0x7c00 - 2]  ; [DRIVE]; half of ebp is unknown
        mov     edx, edi
        push    edi                     ; for a stage in C: its argument
        call    __stage_entry
.stay:  hlt
        jmp     .stay

%include "end.inc"
