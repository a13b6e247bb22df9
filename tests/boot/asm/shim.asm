; A disk that comes first and starts the second one the way a bad BIOS might: memory full of rubbish,
; A20 shut, cs = 07c0, direction flag set, registers full of rubbish, functions missing.
;   NO_PACKETS   int 13h function 42h fails     NO_GEOMETRY  function 08h fails
;   NO_A20_BIOS  int 15h does nothing

        bits    16
        org     0x600
start:  xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, 0x600
        mov     si, 0x7c00
        mov     di, 0x600
        mov     cx, 256
        cld
        rep     movsw
        jmp     0:moved

moved:  mov     bx, 0x7c0               ; 0x7c00 to 0x80000: rubbish
.fill:  mov     es, bx
        xor     di, di
        mov     ax, 0xcccc
        mov     cx, 8
        rep     stosw
        inc     bx
        cmp     bx, 0x8000
        jb      .fill

        xor     ax, ax
        mov     es, ax
        mov     ax, 0x0201              ; first sector of the second disk to 0x7c00
        mov     bx, 0x7c00
        mov     cx, 1
        mov     dx, 0x0081
        int     0x13
        jc      broken

        cli
        mov     eax, [0x13 * 4]
        mov     [old13], eax
        mov     dword [0x13 * 4], disk
%ifdef NO_A20_BIOS
        mov     dword [0x15 * 4], system
%endif
        sti
        in      al, 0x92
        and     al, 0xfc
        out     0x92, al
        push    word -1                 ; `shut` in the last line if that is so
        pop     es
        inc     word [start]
        mov     ax, [start]
        cmp     ax, [es:start + 16]
        jne     .open
        push    word 0xb800
        pop     es
        mov     dword [es:24 * 160], 0x0f680f73
        mov     dword [es:24 * 160 + 4], 0x0f740f75
.open:
        mov     eax, 0xdeadbeef
        mov     ebx, eax
        mov     ecx, eax
        mov     esi, eax
        mov     edi, eax
        mov     ebp, eax
        mov     edx, 0xdeadbe81
        mov     fs, ax
        mov     gs, ax
        mov     ds, ax
        mov     es, ax
        std
        jmp     0x7c0:0

broken: mov     ax, 0xb800
        mov     es, ax
        mov     word [es:0], 0x0f21
        cli
        hlt

disk:
%ifdef NO_PACKETS
        cmp     ah, 0x42
        je      refuse
%endif
%ifdef NO_GEOMETRY
        cmp     ah, 8
        je      refuse
%endif
        jmp     far [cs:old13]
system:
refuse: mov     ah, 1
        push    bp
        mov     bp, sp
        or      byte [bp + 6], 1        ; carry, in the flags iret brings back
        pop     bp
        iret
old13:  dd      0

        times 510 - ($ - $$) db 0
        dw      0xaa55
