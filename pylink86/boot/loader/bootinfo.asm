; What only the machine knows, for a kernel that expects a BootInfo: all physical memory at an offset
; of its choice, and the memory map with the loader's and the kernel's own frames marked.
;
; A region is 24 bytes: first frame, end frame (behind the last), type (4 bytes), 4 bytes of zeros.

%include "memory.inc"

        extern  map_count
        extern  memory_end
        extern  stuck
        extern  __memory_top            ; free memory starts here: for page tables
        extern  __page_tables
        extern  __map_physical          ; 1: map all physical memory,
        extern  __physical_offset       ; here
        extern  __info_physical         ; the BootInfo: where it is,
        extern  __info_virtual          ; and where the kernel sees it
        extern  __own                   ; regions in use: first frame, end frame, type (8 bytes each); ends
                                        ; with a first frame of -1
        global  tell

USABLE          equ     0
RESERVED        equ     2
BAD             equ     5
PAGE_TABLE      equ     8
MOST            equ     64              ; regions in a BootInfo

        bits 64
        section .stage progbits alloc exec write align=4

tell:   mov     ebx, __memory_top       ; ebx: the next free frame, for page tables
        mov     eax, __map_physical
        test    eax, eax
        jz      .list
        call    memory_size
        call    map_physical

.list:  mov     r8d, LISTS              ; the list of regions, r9 of them
        xor     r9d, r9d
        mov     r15d, 1                 ; first usable memory, then, above it, what is not
        call    paint_map
        mov     r15d, 0
        call    paint_map

        mov     ebp, __own
.own:   mov     rdi, [rbp]
        cmp     rdi, -1
        je      .tables
        mov     rsi, [rbp + 8]
        mov     edx, [rbp + 16]
        call    paint
        add     rbp, 24
        jmp     .own
.tables:
        mov     edi, __memory_top
        shr     edi, 12
        mov     esi, ebx
        shr     esi, 12
        mov     edx, PAGE_TABLE
        call    paint

.cut:   cmp     r9d, MOST
        jbe     .store
        call    drop_smallest
        jmp     .cut
.store: mov     edi, __info_physical
        mov     [rdi + 24 * MOST], r9
        mov     rsi, r8
        lea     ecx, [r9 * 3]
        rep movsq
        mov     rdi, __info_virtual
        ret

; The end of memory, at least 4 GiB, to r14.  Reserved ranges do not count: some are at 1 TiB.
memory_size:
        mov     r14d, 1
        shl     r14, 32
        mov     ecx, [map_count]
        mov     esi, MAP
.entry: cmp     dword [rsi + 16], RESERVED
        je      .next
        mov     rax, [rsi]
        add     rax, [rsi + 8]
        cmp     rax, r14
        cmova   r14, rax
.next:  add     esi, 24
        loop    .entry
        ret

; Map physical memory up to r14 at __physical_offset, in pages of 2 MiB.
map_physical:
        xor     r12d, r12d              ; r12: physical address
.page:  mov     r13, __physical_offset
        add     r13, r12                ; r13: where it shall be seen
        mov     edi, __page_tables
        mov     cl, 39
        call    table
        mov     cl, 30
        call    table
        mov     rax, r13
        shr     rax, 21
        and     eax, 511
        test    byte [rdi + rax * 8], 1
        jnz     .taken
        lea     rdx, [r12 + 0x83]       ; present, writable, 2 MiB
        mov     [rdi + rax * 8], rdx
.taken: add     r12, 0x200000
        cmp     r12, r14
        jb      .page
        ret

; From the table at rdi, and bits cl to cl + 8 of address r13, to the table below; made when missing.
table:  mov     rax, r13
        shr     rax, cl
        and     eax, 511
        lea     rdx, [rdi + rax * 8]
        mov     rdi, [rdx]
        test    dil, 1
        jz      .new
        mov     rax, 0x000ffffffffff000
        and     rdi, rax
        ret
.new:   cmp     ebx, [memory_end]
        jae     .full
        mov     edi, ebx
        mov     ecx, 512
        xor     eax, eax
        rep stosq
        lea     rax, [rbx + 3]          ; present, writable
        mov     [rdx], rax
        mov     edi, ebx
        add     ebx, 0x1000
        ret
.full:  mov     esi, no_memory
        jmp     stuck
no_memory:
        db      "Not enough memory for the page tables of all physical memory", 0

; Paint the BIOS's ranges: usable ones when r15 is 1, else all others.
paint_map:
        mov     r14d, [map_count]
        mov     ebp, MAP
        test    r14d, r14d
        jz      .done
.entry: mov     edx, [rbp + 16]
        mov     rdi, [rbp]
        mov     rsi, rdi
        add     rsi, [rbp + 8]
        cmp     edx, 1
        sete    al
        cmp     al, r15b
        jne     .next
        test    al, al
        jz      .other
        mov     edx, USABLE
        add     rdi, 0xfff              ; whole frames only
        jmp     .paint
.other: add     rsi, 0xfff              ; every frame it touches
        lea     eax, [rdx - RESERVED]
        cmp     eax, BAD - RESERVED     ; the BIOS's numbers 2 to 5 are ours, too
        jbe     .paint
        mov     edx, RESERVED
.paint: shr     rdi, 12
        shr     rsi, 12
        call    paint
.next:  add     ebp, 24
        dec     r14d
        jnz     .entry
.done:  ret

; Give frames rdi up to rsi the type edx, whatever they were.  The list stays sorted and disjoint:
; it is copied, without what lies between, to the other place for lists.
paint:  cmp     rdi, rsi
        jae     .done
        mov     r10, r8
        mov     r11, r8
        xor     r11, 0x8000             ; LISTS has room for two
        mov     r8, r11
        mov     ecx, r9d
        xor     r9d, r9d
        push    rcx
        push    r10
        push    rdx
        push    rdi
        push    rsi
        jrcxz   .new
.left:  mov     rax, [r10]              ; what starts before
        cmp     rax, rdi
        jae     .new
        mov     rsi, [r10 + 8]
        cmp     rsi, rdi
        cmova   rsi, rdi
        mov     edx, [r10 + 16]
        call    append
        add     r10, 24
        loop    .left
.new:   pop     rsi
        pop     rax
        pop     rdx
        mov     rdi, rsi
        call    append
        pop     r10
        pop     rcx
        jrcxz   .done
.right: mov     rsi, [r10 + 8]          ; what ends behind
        cmp     rsi, rdi
        jbe     .inside
        mov     rax, [r10]
        cmp     rax, rdi
        cmovb   rax, rdi
        mov     edx, [r10 + 16]
        call    append
.inside:
        add     r10, 24
        loop    .right
.done:  ret

; Append frames rax up to rsi of type edx to the list; a neighbour of the same type grows instead.
append: test    r9d, r9d
        jz      .new
        cmp     [r11 - 16], rax
        jne     .new
        cmp     [r11 - 8], edx
        jne     .new
        mov     [r11 - 16], rsi
        ret
.new:   mov     [r11], rax
        mov     [r11 + 8], rsi
        mov     [r11 + 16], rdx
        add     r11, 24
        inc     r9d
        ret

; Take the smallest region out that nobody misses: usable or reserved; and say so.
drop_smallest:
        mov     rax, -1                 ; its size
        mov     rsi, r8
        mov     ecx, r9d
.look:  cmp     dword [rsi + 16], USABLE
        je      .size
        cmp     dword [rsi + 16], RESERVED
        jne     .next
.size:  mov     rdx, [rsi + 8]
        sub     rdx, [rsi]
        cmp     rdx, rax
        jae     .next
        mov     rax, rdx
        mov     rdi, rsi
        mov     r10d, ecx
.next:  add     rsi, 24
        loop    .look
        dec     r9d
        lea     rsi, [rdi + 24]
        lea     ecx, [r10 * 3 - 3]
        rep movsq

        mov     esi, too_many
        mov     edx, 0x3f8
        mov     edi, 0xb8000
.say:   lodsb
        test    al, al
        jz      .done
        out     dx, al
        mov     ah, 7
        stosw
        jmp     .say
.done:  ret
too_many:
        db      "The memory map has more than 64 regions: the smallest was left out", 13, 10, 0

        section .note.GNU-stack progbits noalloc noexec nowrite align=1
