; A boot sector: loads the stage behind it, switches to long mode, and calls _start.
; The linker fills in SECOND_STAGE_LENGTH (from the script) and _start (from the stage).
extern SECOND_STAGE_LENGTH, _start

section .boot.text progbits alloc exec nowrite align=16
bits 16
boot:
    jmp 0:.here                     ; some BIOSes come in with cs = 0x7c0
.here:
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov sp, 0x7c00
    mov ah, 2                       ; read sectors ...
    mov al, SECOND_STAGE_LENGTH     ; ... this many (8 bits: at most 127 of them)
    mov cx, 2                       ; ... from cylinder 0, sector 2 on
    mov dh, 0                       ; ... head 0; dl is the drive we came from
    mov bx, 0x7e00                  ; ... to 0:7e00
    int 0x13
    jc failed

    mov edi, 0x1000                 ; page tables at 0x1000: one page of each level, zeroed
    mov cr3, edi
    xor eax, eax
    mov ecx, 3 * 1024
    rep stosd
    mov dword [0x1000], 0x2003
    mov dword [0x2000], 0x3003
    mov dword [0x3000], 0x83        ; the first 2 MiB, one to one
    mov eax, 0x620                  ; cr4: PAE, and SSE because compilers use it
    mov cr4, eax
    mov ecx, 0xc0000080             ; EFER: long mode
    rdmsr
    or eax, 0x100
    wrmsr
    cli
    lgdt [gdt.pointer]
    mov eax, 0x80000003             ; cr0: paging, SSE without traps, protection
    mov cr0, eax
    jmp 8:long_mode

failed:
    mov ax, 0x0e45                  ; teletype an E
    int 0x10
    hlt

bits 64
long_mode:
    xor eax, eax
    mov ds, eax
    mov es, eax
    mov ss, eax
    mov rax, _start
    call rax
.stop:
    hlt
    jmp .stop

align 8
gdt:
    dq 0, 0x00209a0000000000
.pointer:
    dw 15
    dd gdt

times 510 - ($ - $$) db 0
dw 0xaa55
