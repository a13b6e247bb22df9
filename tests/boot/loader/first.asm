; The boot sector: reads everything behind it, switches to long mode and calls the loader.
; The linker fills in REST_SECTORS (from the script) and load_kernel (from the second stage).
extern REST_SECTORS, load_kernel
global _start

TABLES equ 0x1000                       ; page tables: one page of each level
BEHIND equ 0x7e0                        ; where the sector behind this one goes

section .boot-first-stage progbits alloc exec nowrite align=16
bits 16
_start:
    jmp 0:.here                         ; some BIOSes come in with cs = 0x7c0
.here:
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov sp, 0x7c00
    mov bp, REST_SECTORS
.read:
    mov ah, 0x42                        ; one sector at a time, as LBA packets say where
    mov si, packet
    int 0x13
    jc .failed
    add word [packet.segment], 32
    inc dword [packet.lba]
    dec bp
    jnz .read

    mov edi, TABLES
    mov cr3, edi
    xor eax, eax
    mov ecx, 3 * 1024
    rep stosd
    mov dword [TABLES], TABLES + 0x1003
    mov dword [TABLES + 0x1000], TABLES + 0x2003
    mov dword [TABLES + 0x2000], 0x83   ; 4 MiB, one to one, in pages of 2 MiB
    mov dword [TABLES + 0x2008], 0x200083
    mov eax, 0x620                      ; cr4: PAE, and SSE because compilers use it
    mov cr4, eax
    mov ecx, 0xc0000080                 ; EFER: long mode
    rdmsr
    or eax, 0x100
    wrmsr
    cli
    in al, 0x92                         ; A20, so that the second MiB is not the first
    or al, 2
    and al, 0xfe
    out 0x92, al
    lgdt [gdt.pointer]
    mov eax, 0x80000003                 ; cr0: paging, SSE without traps, protection
    mov cr0, eax
    jmp 8:.long
.failed:
    mov ax, 0x0e45                      ; teletype an E
    int 0x10
    cli
    hlt
bits 64
.long:
    xor eax, eax
    mov ds, eax
    mov es, eax
    mov ss, eax
    mov rax, load_kernel
    call rax

align 4
packet:
    dw 16, 1, 0
.segment:
    dw BEHIND
.lba:
    dq 1
gdt:
    dq 0, 0x00209a0000000000
.pointer:
    dw $ - gdt - 1
    dd gdt
    times 510 - ($ - $$) db 0
    dw 0xaa55
