; A stage that reports on itself: top left, `sum nonzero drive flags`, in hexadecimal.
;   sum      of all its 32-bit words: rotate left by 5, add
;   nonzero  words in .bss that are not zero
;   drive    what EDI said
;   flags    1: A20 is open, 2: SSE works (or is not tried), 4: direction flag clear
; MODE is 16, 32 or 64; PAYLOAD a file that makes the stage as long as it has to be; BSS bytes; NO_SSE
; for processors without it; RETURN to come back instead of halting.

%ifndef NO_SSE
%define NO_SSE 0
%endif
        bits    MODE
        extern  __stage_start, __stage_end, __stage_bss_start, __stage_bss_end
        global  _start

%if MODE == 16
%macro peek 0                           ; eax = the word at linear address esi
        mov     eax, esi
        shr     eax, 4
        mov     es, ax
        mov     eax, esi
        and     eax, 15
        mov     eax, [es:eax]
%endmacro
%else
%macro peek 0
        mov     eax, [esi]
%endmacro
%endif

        section .text._start progbits alloc exec nowrite align=16
_start:
%if MODE == 64
        pushfq
        pop     rax
%else
        pushfd
        pop     eax
%endif
        shr     eax, 8                  ; bit 10: direction
        and     eax, 4
        xor     eax, 4
        mov     ebp, eax
        mov     ebx, edi
        cli

        mov     esi, __stage_start
        xor     ecx, ecx
.sum:   peek
        rol     ecx, 5
        add     ecx, eax
        add     esi, 4
        cmp     esi, __stage_end
        jb      .sum
        mov     edi, 0xb8000
        call    show

        mov     esi, __stage_bss_start
        xor     ecx, ecx
.bss:   cmp     esi, __stage_bss_end
        jae     .done
        peek
        add     esi, 4
        test    eax, eax
        jz      .bss
        inc     ecx
        jmp     .bss
.done:  call    show

        mov     ecx, ebx
        call    show

        mov     edx, 0x12345678         ; 0x500 and 1 MiB above it: one word or two?
%if MODE == 16
        push    word -1
        pop     es
        mov     [0x510], dx
        not     dx
        mov     [es:0x520], dx
        cmp     [0x510], dx
%else
        mov     [0x510], edx
        not     edx
        mov     [0x100510], edx
        cmp     [0x510], edx
%endif
        je      .shut
        or      ebp, 1
.shut:
%if MODE != 16 && !NO_SSE
        movaps  xmm0, [one]             ; an exception resets the machine
        addps   xmm0, xmm0
        fld1
        fstp    st0
%endif
        or      ebp, 2
        mov     ecx, ebp
        call    show
%ifdef RETURN
%if MODE == 16
        retd                            ; as a C function compiled with -m16 returns
%else
        ret
%endif
%endif
        hlt

show:   mov     edx, 8                  ; ecx in hexadecimal and a blank to the screen at edi
.digit: rol     ecx, 4
        mov     al, cl
        and     al, 15
        add     al, '0'
        cmp     al, '9'
        jbe     .store
        add     al, 'a' - '9' - 1
.store: mov     ah, 0x0f
        call    put
        dec     edx
        jnz     .digit
        mov     ax, 0x0f20
put:
%if MODE == 16
        push    word 0xb800
        pop     es
        mov     [es:edi - 0xb8000], ax
%else
        mov     [edi], ax
%endif
        add     edi, 2
        ret

        section .rodata progbits alloc noexec nowrite align=16
one:    dd      1.0, 2.0, 3.0, 4.0
        incbin  PAYLOAD

%if BSS
        section .bss nobits alloc noexec write align=4
        resb    BSS
%endif
