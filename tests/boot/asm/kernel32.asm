; 32-bit kernels for the disk images; -DMULTIBOOT=1 or 2 adds a header.  They tell eax, ebx, edi, flags,
; cr0, then 4096 bytes at ebx or edi, through port 0xe9.

        bits 32
%if MULTIBOOT = 1
        section .multiboot
        align   4
        dd      0x1badb002, FLAGS, -(0x1badb002 + FLAGS)
%elif MULTIBOOT = 2
        section .multiboot
        align   8
head:   dd      0xe85250d6, 0, end - head, -(0xe85250d6 + (end - head))
%ifdef TAG
        dw      TAG, OPTIONAL
        dd      8
%endif
        dw      0, 0
        dd      8
end:
%endif
        section .text
        global  _start
_start: mov     esp, stack
        pushfd
        pop     dword [state + 12]
        mov     [state], eax
        mov     [state + 4], ebx
        mov     [state + 8], edi
        mov     eax, cr0
        mov     [state + 16], eax
        mov     ecx, 20
        mov     esi, state
        mov     dx, 0xe9
        rep outsb
%if MULTIBOOT = 0
        mov     esi, edi
%else
        mov     esi, ebx
%endif
        mov     ecx, 4096
        rep outsb
        mov     word [0xb8000], 0x0f33
        mov     esi, zeros              ; .bss
        mov     ecx, 4096
.next:  lodsb
        test    al, al
        jnz     .dirty
        loop    .next
        mov     al, 0x10
        out     0xf4, al
.dirty: mov     al, 0x11
        out     0xf4, al
        section .data
state:  times 20 db 0
        section .bss
zeros:  resb    4096
        resb    4096
stack:
