; The end of the loader for 64-bit kernels: into long mode, let `tell` fill in what only the machine
; knows, then over to the kernel's own page tables, which the host has made.

%include "memory.inc"

        extern  __resident              ; where the resident page goes: the kernel keeps it mapped there
        extern  __resident_from         ; where it is now,
        extern  __resident_size         ; and its size
        extern  __page_tables           ; the kernel's: physical address of the first
        extern  __cr0
        extern  __cr4
        extern  __stack_end
        extern  __entry
        extern  tell
        global  finish
        global  stuck

        bits 32
        section .stage progbits alloc exec write align=4

finish: mov     esi, __resident_from
        mov     edi, __resident
        mov     ecx, __resident_size
        rep movsb

        mov     edi, TABLES             ; a first set of tables: the first GiB, address = address
        mov     cr3, edi
        mov     ecx, 3 * 1024
        xor     eax, eax
        rep stosd
        mov     dword [TABLES], TABLES + 0x1003
        mov     dword [TABLES + 0x1000], TABLES + 0x2003
        mov     edi, TABLES + 0x2000
        mov     eax, 0x83               ; present, writable, 2 MiB
.page:  mov     [edi], eax
        add     edi, 8
        add     eax, 0x200000
        cmp     edi, TABLES + 0x3000
        jb      .page

        mov     eax, __cr4
        mov     cr4, eax
        mov     ecx, 0xc0000080         ; EFER
        rdmsr
        or      eax, 0x900              ; NXE, LME
        wrmsr
        mov     eax, __cr0
        mov     cr0, eax
        jmp     SELECTOR64:.long

        bits 64
.long:  call    tell                    ; returns rdi for the kernel
        mov     rax, enter
        jmp     rax

; Print the text at rsi on screen and COM1, and stay.
stuck:  mov     edi, 0xb8000
.next:  lodsb
        test    al, al
        jz      .stay
        mov     ah, 0x4f
        stosw
        mov     edx, 0x3f8
        out     dx, al
        jmp     .next
.stay:  cli
        hlt
        jmp     .stay

        section .resident progbits alloc exec nowrite align=16

enter:  mov     rax, __page_tables
        mov     cr3, rax
        lgdt    [rel gdtr]
        lidt    [rel idtr]
        mov     rsp, __stack_end
        xor     eax, eax
        mov     ss, eax
        mov     fs, eax
        mov     gs, eax
        mov     eax, 16
        mov     ds, eax
        mov     es, eax
        push    byte 8
        lea     rax, [rel .there]
        push    rax
        retfq
.there: mov     rax, __entry
        cld
        call    rax
.stay:  cli
        hlt
        jmp     .stay

        align 8
gdt:    dq      0
        dq      0x00af9b000000ffff      ; 8: 64-bit code
        dq      0x00cf93000000ffff      ; 16: data
gdtr:   dw      gdtr - gdt - 1
        dq      gdt
idtr:   dw      0
        dq      0

        section .note.GNU-stack progbits noalloc noexec nowrite align=1
