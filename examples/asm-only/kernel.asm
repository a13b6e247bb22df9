; A 64-bit kernel in a page of assembly: two lines on the screen.
; At the start rdi is the address of the BootInfo, and a stack is there.

        bits 64
        default rel
        global  _start

        section .text
_start: mov     r12, rdi
        lea     rsi, [hello]
        mov     edi, 0xb8000
        call    print

        mov     eax, [r12 + 64 * 24]    ; the memory map: how many regions
        xor     edx, edx
        mov     ecx, 10
        div     ecx
        add     al, '0'
        add     dl, '0'
        mov     [regions], al
        mov     [regions + 1], dl
        lea     rsi, [regions]
        mov     edi, 0xb8000 + 160      ; the second line
        call    print

        mov     al, 0x10                ; end the machine
        out     0xf4, al
.stay:  cli
        hlt
        jmp     .stay

; Text at rsi, up to a zero, to the screen at rdi.
print:  mov     ah, 0x0f
.next:  lodsb
        test    al, al
        jz      .done
        stosw
        jmp     .next
.done:  ret

        section .rodata
hello:  db      "Hello from assembly", 0

        section .data
regions:
        db      "00 regions of memory", 0
