; The loader proper, in the order in which things happen: A20, memory map, processor, the kernel's
; blocks from the disk, screen; then on to `finish`, in 32-bit mode, which is another file for each
; kind of kernel.
;
; What is known before the machine is switched on comes from the host as data: see the externs.

%include "memory.inc"

        bits 16

        extern  __blocks                ; what to load: address, bytes, first sector (0: zeros); ends with
                                        ; an address of 0xffffffff
        extern  __memory_top            ; usable memory has to reach from 1 MiB to here
        extern  __flags                 ; bits, as follows
LONG_MODE       equ     1               ; a 64-bit kernel
PIXELS          equ     2               ; 320x200 in 256 colours instead of text
        extern  finish

        global  stage
        global  memory_end
        global  map_count

        section .stage progbits alloc exec write align=4

stage:  xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     bp, 0x7c00
        lea     sp, [bp - 16]
        sti
        cld
        mov     eax, [bp - 6]           ; heads, then sectors on a track
        mov     [heads], ax
        shr     eax, 16
        mov     [track], ax

%define TRACK   bp - 4                  ; the A20 test counts here
%include "a20.inc"
%undef TRACK

; The memory map.  Three calls, the oldest last.

map:    xor     ebx, ebx
        mov     es, bx                  ; the A20 test has left something else there
        mov     di, MAP
.next:  mov     dword [di + 20], 1      ; an old BIOS leaves the attributes out: "not to be ignored"
        mov     eax, 0xe820
        mov     ecx, 24
        mov     edx, 0x534d4150         ; "SMAP"
        push    dx
        int     0x15
        pop     dx
        jc      .last                   ; some say so instead of ebx = 0
        cmp     eax, 0x534d4150
        jne     .last
        test    byte [di + 20], 1
        jz      .skip
        mov     eax, [di + 8]
        or      eax, [di + 12]
        jz      .skip                   ; empty
        add     di, 24
        cmp     di, MAP + 24 * MAP_MOST
        jae     .last
.skip:  test    ebx, ebx
        jnz     .next
.last:  cmp     di, MAP
        ja      .have

        int     0x12                    ; no map: KiB below 640 KiB,
        movzx   eax, ax
        shl     eax, 10
        xor     edx, edx
        call    range
        mov     ax, 0xe801              ; KiB from 1 MiB to 16 MiB, and units of 64 KiB above
        xor     cx, cx
        xor     dx, dx
        int     0x15
        jc      .oldest
        jcxz    .in_ax
        xchg    ax, cx
        mov     bx, dx
.in_ax: push    bx
        movzx   eax, ax
        shl     eax, 10
        mov     edx, 0x100000
        call    range
        pop     bx
        movzx   eax, bx
        shl     eax, 16
        mov     edx, 0x1000000
        call    range
        jmp     .have
.oldest:
        mov     ah, 0x88                ; KiB above 1 MiB, up to 63 MiB
        int     0x15
        jc      .have
        movzx   eax, ax
        shl     eax, 10
        mov     edx, 0x100000
        call    range
.have:  mov     ax, di
        sub     ax, MAP
        mov     cl, 24
        div     cl
        mov     [map_count], al

; How far does usable memory reach from 1 MiB on?  Entries can be in any order, and one range can be
; told in pieces, so look until no entry reaches further.

        mov     eax, 0x100000
.again: mov     cx, [map_count]
        jcxz    .known
        mov     si, MAP
.entry: cmp     byte [si + 16], 1
        jne     .other
        cmp     dword [si + 4], 0       ; starts above 4 GiB
        jne     .other
        cmp     [si], eax
        ja      .other
        mov     edx, [si]
        add     edx, [si + 8]
        jc      .all                    ; ends at or above 4 GiB
        cmp     dword [si + 12], 0
        jne     .all
        cmp     edx, eax
        ja      .more
.other: add     si, 24
        loop    .entry
        jmp     .known
.more:  mov     eax, edx
        jmp     .again
.all:   mov     eax, 0xfffff000
.known: mov     [memory_end], eax
        cmp     eax, __memory_top
        jae     processor
        call    fail
        db      "Not enough memory for this kernel", 0

; Add usable memory, eax bytes from edx on, to the map.
range:  test    eax, eax
        jz      .none
        mov     [di], edx
        mov     [di + 8], eax
        xor     eax, eax
        mov     [di + 4], eax
        mov     [di + 12], eax
        inc     ax
        mov     [di + 16], eax
        mov     [di + 20], eax
        add     di, 24
.none:  ret

; Does the processor have what a 64-bit kernel needs?

processor:
        test    byte [flags], LONG_MODE
        jz      load
        pushfd                          ; who can flip bit 21 of the flags has CPUID
        pop     eax
        mov     ecx, eax
        xor     eax, 1 << 21
        push    eax
        popfd
        pushfd
        pop     eax
        xor     eax, ecx
        jz      .short
        mov     eax, 0x80000000
        cpuid
        cmp     eax, 0x80000001
        jb      .short
        mov     eax, 0x80000001
        cpuid
        bt      edx, 29                 ; long mode
        jc      .long
.short: call    fail
        db      "No long mode: this processor cannot run a 64-bit kernel", 0
.long:  bt      edx, 20                 ; NX
        jc      load
        call    fail
        db      "No execute-disable (NX): switch it on in the BIOS setup", 0

; Load the blocks.

load:   mov     si, __blocks
.block: lodsd
        inc     eax
        jz      screen
        dec     eax
        mov     [target], eax
        lodsd
        mov     [left], eax
        lodsd
        mov     [lba], eax
        test    eax, eax
        jnz     .run
        push    si                      ; sector 0: a block of zeros
        mov     ecx, [left]
        xor     esi, esi
        call    move
        pop     si
        jmp     .block
.run:   cmp     dword [left], 0
        je      .block
        push    si
        call    read                    ; cx = sectors that were read
        movzx   ecx, cx
        add     [lba], ecx
        shl     ecx, 9
        cmp     ecx, [left]
        jb      .part
        mov     ecx, [left]
.part:  sub     [left], ecx
        push    ecx
        mov     esi, BOUNCE
        call    move
        pop     ecx
        add     [target], ecx
        pop     si
        jmp     .run

; Read sectors from [lba] to BOUNCE: as many as are wanted, on the same track, so that a run suits
; reads by packet and by cylinder, and never is longer than 63 sectors or crosses 64 KiB.
; Returns cx = sectors.

read:   mov     di, 5                   ; tries
.try:   mov     eax, [lba]
        xor     edx, edx
        movzx   ecx, word [track]
        div     ecx                     ; eax = track, edx = sector on it from 0
        sub     cx, dx
        mov     ebx, [left]
        add     ebx, 511
        shr     ebx, 9
        cmp     ebx, ecx
        jae     .size
        mov     cx, bx
.size:  mov     [run], cx
        mov     [packet.count], cx      ; the BIOS changes this one
        mov     ebx, [lba]
        mov     [packet.lba], ebx
        pushad
        mov     si, packet
        mov     ah, 0x42
        mov     dl, [DRIVE]
        int     0x13
        mov     [status], ah
        popad
        jnc     .done

        mov     bx, dx                  ; floppies and old BIOSes: cylinder, head, sector
        inc     bx
        xor     edx, edx
        movzx   ecx, word [heads]
        div     ecx                     ; eax = cylinder, edx = head
        cmp     eax, 1023
        ja      .reset
        mov     dh, dl
        mov     ch, al
        mov     cl, ah
        shl     cl, 6
        or      cl, bl
        mov     al, [run]
        mov     ah, 2
        mov     bx, BOUNCE >> 4
        mov     es, bx
        xor     bx, bx
        mov     dl, [DRIVE]
        push    di
        int     0x13
        pop     di
        mov     [status], ah
        mov     bx, 0
        mov     es, bx
        jnc     .done

.reset: mov     ah, 0
        mov     dl, [DRIVE]
        int     0x13
        dec     di
        jnz     .try
        jmp     disk_error
.done:  mov     cx, [run]
        ret

disk_error:
        mov     al, [status]
        mov     di, .status
        call    digits
        mov     eax, [lba]
        mov     di, .sector
        mov     cx, 4
.byte:  rol     eax, 8
        call    digits
        loop    .byte
        call    fail
        db      "Disk error "
.status:
        db      "00 at sector 0x"
.sector:
        db      "00000000", 0

; Two hexadecimal digits of al to [di].
digits: push    ax
        aam     16
        xchg    al, ah
        call    .one
        mov     al, ah
        call    .one
        pop     ax
        ret
.one:   cmp     al, 10
        sbb     al, 0x69
        das                             ; now a letter or digit of ASCII
        stosb
        ret

; Copy ecx bytes from esi to [target], or zeros when esi is 0.  Both may be above 1 MiB, so it
; takes a moment of protected mode.  BIOSes change the hidden parts of segment registers when they
; please: nothing is kept from one call to the next.

move:   pushad
        mov     edi, [target]
        cli
        lgdt    [gdt]
        mov     eax, cr0
        or      al, 1
        mov     cr0, eax
        jmp     CODE32:.flat
        bits 32
.flat:  mov     eax, DATA
        mov     ds, eax
        mov     es, eax
        mov     edx, ecx
        and     edx, 3
        shr     ecx, 2
        xor     eax, eax
        test    esi, esi
        jz      .zero
        rep movsd
        mov     ecx, edx
        rep movsb
        jmp     .back
.zero:  rep stosd
        mov     ecx, edx
        rep stosb
.back:  mov     eax, DATA16
        mov     ds, eax
        mov     es, eax
        jmp     CODE16:.real
        bits 16
.real:  mov     eax, cr0
        and     al, 0xfe
        mov     cr0, eax
        jmp     0:.home
.home:  xor     ax, ax
        mov     ds, ax
        mov     es, ax
        sti
        popad
        ret

; The screen, and the last look back at 16 bits.

screen: mov     ax, 3
        test    byte [flags], PIXELS
        jz      .mode
        mov     al, 0x13
.mode:  int     0x10
        cli
        lgdt    [gdt]
        mov     eax, cr0
        or      al, 1
        mov     cr0, eax
        jmp     CODE32:.flat
        bits 32
.flat:  mov     eax, DATA
        mov     ds, eax
        mov     es, eax
        mov     fs, eax
        mov     gs, eax
        mov     ss, eax
        mov     esp, 0x7c00 - 16
        jmp     finish

        bits 16
; Print the text behind the call on screen and COM1, and stay.
fail:   pop     si
        xor     ax, ax
        mov     ds, ax
.next:  lodsb
        test    al, al
        jz      .stay
        mov     bx, 7
        mov     ah, 0x0e
        push    ax
        int     0x10
        pop     ax
        mov     dx, 0x3f8 + 5           ; wait until COM1 takes a character; a missing one reads as 0xff
        mov     cx, 0xffff
        mov     ah, al
.busy:  in      al, dx
        test    al, 0x20
        loopz   .busy
        mov     al, ah
        mov     dl, 0xf8
        out     dx, al
        jmp     .next
.stay:  cli
        hlt
        jmp     .stay

        align 8
gdt:    dw      gdt_end - gdt - 1       ; nobody reads the null descriptor: room for the pointer
        dd      gdt
        dw      0
CODE32  equ     $ - gdt
        dq      0x00cf9b000000ffff
DATA    equ     $ - gdt
        dq      0x00cf93000000ffff
CODE16  equ     $ - gdt
        dq      0x00009b000000ffff
DATA16  equ     $ - gdt
        dq      0x000093000000ffff
CODE64  equ     $ - gdt
        dq      0x00af9b000000ffff
gdt_end:
%if CODE64 != SELECTOR64
%error the 64-bit parts want another selector
%endif

        align 4
flags:  dd      __flags
memory_end:
        dd      0                       ; usable memory reaches from 1 MiB to here
map_count:
        dd      0
target: dd      0
left:   dd      0
lba:    dd      0
track:  dw      0
heads:  dw      0
run:    dw      0                       ; sectors of this read
status: db      0
        align 4
packet: db      16, 0
.count: dw      0
        dw      0, BOUNCE >> 4          ; where to: offset, segment
.lba:   dd      0, 0

        section .note.GNU-stack progbits noalloc noexec nowrite align=1
