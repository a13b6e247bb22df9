; Boot sector for a 64-bit stage.
%define CODE_END 510                    ; no room left for a partition table
%define NO_KEYBOARD_CONTROLLER          ; nor for the oldest A20 gate; 64-bit machines have port 0x92
        extern  __stage_page_tables     ; six pages
%include "load.inc"
%include "a20.inc"

        mov     edi, 0x80000001
        lea     eax, [edi - 1]
        cpuid
        cmp     eax, edi                ; is there a leaf that tells?
        jb      .short
        xchg    eax, edi
        cpuid
        bt      edx, 29                 ; long mode
        jc      .long
.short: call    fail
        db      "No long mode", 0

.long:  cli
        lgdt    [gdt]
        mov     al, 1
        lmsw    ax
        jmp     8:flat

gdt:    dw      gdt_end - gdt - 1       ; nobody reads the null descriptor: room for the pointer
        dd      gdt
        dw      0
        dq      0x00cf9b000000ffff      ; 8: 32-bit code, 4 GiB
        dq      0x00cf93000000ffff      ; 16: data, 4 GiB
        dq      0x00af9b000000ffff      ; 24: 64-bit code
gdt_end:

        bits 32
flat:   push    byte 16
        pop     eax
        mov     ds, eax
        mov     es, eax
        mov     fs, eax
        mov     gs, eax
        mov     ss, eax

        xor     eax, eax
        mov     edi, __stage_bss_start
        mov     ecx, __stage_bss_size
        rep     stosb

%define TABLES  __stage_page_tables     ; PML4, then PDPT, then four page directories
        mov     edi, TABLES
        mov     cr3, edi
        mov     ch, 6 * 1024 / 256      ; ecx was 0
        rep     stosd
        mov     eax, 0xffe00083         ; the last 2 MiB below 4 GiB: present, writable, large
.page:  sub     edi, 8
        mov     [edi], eax
        sub     eax, 0x200000
        jnc     .page                   ; 2048 times; edi = TABLES + 0x2000
        mov     eax, TABLES + 0x1003
        mov     [TABLES], eax
        mov     cl, 4
.dir:   add     eax, 0x1000
        mov     [edi - 0x1000], eax
        add     edi, 8
        loop    .dir

        mov     eax, 0x620              ; OSXMMEXCPT, OSFXSR, PAE
        mov     cr4, eax
        mov     ecx, 0xc0000080         ; EFER
        rdmsr
        or      ah, 1                   ; LME
        wrmsr
        movzx   edi, byte [DRIVE]
        mov     eax, 0x80000033         ; PG, NE, ET, MP, PE; EM and TS off
        mov     cr0, eax
        jmp     24:.long

        bits 64
.long:  mov     esp, __stage_stack
        fninit
        call    __stage_entry
.stay:  hlt
        jmp     .stay

%include "end.inc"
