; Kernels for the disk images, one per -D name.  Each ends itself through the exit port 0xf4: 0x10
; means all is well.  What the test wants to see goes to port 0xe9.

%ifndef BASE
%define BASE 0
%endif

        bits 64
        default rel

        section .text
        global  _start

%macro done 1
        mov     al, %1
        out     0xf4, al
%%stay: hlt
        jmp     %%stay
%endmacro

%ifdef HELLO                            ; writes to the screen and COM1
_start: mov     rdi, 0xb8000
        lea     rsi, [text]
.next:  lodsb
        test    al, al
        jz      .end
        mov     dx, 0x3f8
        out     dx, al
        mov     ah, 0x0f
        stosw
        jmp     .next
.end:   done    0x10
        section .rodata
text:   db      "Hello from the kernel", 0
%endif

%ifdef PROBE                            ; tells registers, then the 4096 bytes at rdi
_start: mov     [state + 0], rdi
        mov     [state + 8], rsp
        pushfq
        pop     rax
        mov     [state + 16], rax
        mov     rax, cs
        mov     [state + 24], rax
        mov     rax, ss
        mov     [state + 32], rax
        mov     rax, ds
        mov     [state + 40], rax
        mov     rax, es
        mov     [state + 48], rax
        mov     rax, cr0
        mov     [state + 56], rax
        mov     rax, cr3
        mov     [state + 64], rax
        mov     rax, cr4
        mov     [state + 72], rax
        mov     ecx, 0xc0000080
        rdmsr
        mov     [state + 80], rax
        sgdt    [state + 96]
        sidt    [state + 112]
        mov     rbx, rdi
        lea     rsi, [state]
        mov     ecx, 128
        mov     dx, 0xe9
        rep outsb
        mov     rsi, rbx
        mov     ecx, 4096
        rep outsb
        done    0x10
        section .data
        align   8
state:  times 128 db 0
%endif

%ifdef TABLES                           ; own descriptor tables and TSS, a breakpoint, a way back
_start: lea     rax, [tss]
        lea     rdi, [gdt.tss]
        mov     [rdi + 2], ax
        shr     rax, 16
        mov     [rdi + 4], al
        mov     [rdi + 7], ah
        shr     rax, 16
        mov     [rdi + 8], eax
        lgdt    [gdtr]
        push    8
        lea     rax, [.code]
        push    rax
        retfq
.code:  mov     ax, 16
        ltr     ax
        lea     rax, [handler]
        lea     rdi, [idt + 3 * 16]
        mov     [rdi], ax
        mov     word [rdi + 2], 8
        mov     word [rdi + 4], 0x8e00
        shr     rax, 16
        mov     [rdi + 6], ax
        shr     rax, 16
        mov     [rdi + 8], eax
        lidt    [idtr]
        mov     ebx, 1
        int3
        cmp     ebx, 2
        jne     .wrong
        mov     rdi, 0xb8000
        mov     word [rdi], 0x0f42
        done    0x10
.wrong: done    0x11
handler:
        inc     ebx
        iretq
        section .data
        align   8
gdt:    dq      0, 0x00af9b000000ffff
.tss:   dq      0x0000890000000067, 0
gdtr:   dw      gdtr - gdt - 1
        dq      gdt
idtr:   dw      16 * 32 - 1
        dq      idt
        section .bss
        align   16
tss:    resb    104
idt:    resb    16 * 32
%endif

%ifdef SUM                              ; checksums itself: SUM bytes of data, then zeros in .bss
_start: lea     rsi, [data]
        mov     ecx, SUM
        xor     ebx, ebx
.next:  movzx   eax, byte [rsi]
        rol     ebx, 1
        add     ebx, eax
        inc     rsi
        dec     ecx
        jnz     .next
        lea     rdi, [zeros]
        mov     ecx, ZEROS / 8
        xor     eax, eax
        repe scasq
        jne     .dirty
        mov     [answer], ebx
        lea     rsi, [answer]
        mov     ecx, 4
        mov     dx, 0xe9
        rep outsb
        done    0x10
.dirty: done    0x11
        section .data
data:   incbin  "payload"
        section .bss
        align   8
zeros:  resb    ZEROS
answer: resd    1
%endif

%ifdef FAULT                            ; does what its permissions forbid
_start:
%if FAULT = 1
        mov     byte [constant], 1      ; writes what is read-only
%elif FAULT = 2
        lea     rax, [variable]         ; executes data
        jmp     rax
%elif FAULT = 3
.deep:  push    rax                     ; runs out of stack
        jmp     .deep
%elif FAULT = 4
        movaps  xmm0, xmm1              ; needs SSE
%elif FAULT = 5
        mov     al, [abs 0x7c00]            ; low memory is not there
%elif FAULT = 6
        mov     al, [_start - 0x1000]   ; nor is the page before the kernel
%endif
        done    0x10
        section .rodata
constant:
        dq      0xf4
        section .data
variable:
        dq      0xf4
%endif

%ifdef PHYSICAL                         ; looks at the screen through the map of physical memory
_start: mov     rbx, [rdi + 64 * 24 + 8]
        mov     word [0xb8000], 0x0f50
        cmp     word [rbx + 0xb8000], 0x0f50
        jne     .wrong
        mov     rax, cr3
        mov     rcx, [rbx + rax]        ; the top page table, as the processor sees it
        test    cl, 1
        jz      .wrong
        mov     rax, 0xffc00000         ; just below 4 GiB: ROM, but mapped
        mov     al, [rbx + rax]
        done    0x10
.wrong: done    0x11
%endif

%ifdef RECURSIVE                        ; finds the top page table at its own address
_start: mov     rbx, [rdi + 64 * 24 + 8]
        mov     rax, cr3
        mov     rcx, rbx
        shr     rcx, 12
        and     ecx, 511
        mov     rdx, [rbx + rcx * 8]
        and     rdx, -4096
        cmp     rax, rdx
        jne     .wrong
        done    0x10
.wrong: done    0x11
%endif

%ifdef RAW                              ; tells the page at rdi
_start: mov     rsi, rdi
        mov     ecx, 1024
        mov     dx, 0xe9
        rep outsb
        done    0x10
%endif

%ifdef FIRST_AND_LAST                   ; tells the first and the last 8 bytes of a large payload
_start: lea     rsi, [data]
        mov     dx, 0xe9
        mov     ecx, 8
        rep outsb
        lea     rsi, [end - 8]
        mov     ecx, 8
        rep outsb
        done    0x10
        section .data
data:   incbin  "payload"
end:
%endif

%ifdef SPIN                             ; works for a long time in code that ends with the byte of hlt
_start: mov     ecx, 3000000
        sti
        cli
.next:  cmp     r12, r14                ; 4d 39 f4
        dec     ecx
        jnz     .next
        done    0x10
%endif
