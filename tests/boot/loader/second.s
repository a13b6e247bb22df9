# The loader: puts the segments of the ELF file that was linked in where they belong, and jumps in.
    .intel_syntax noprefix
    .globl load_kernel
    .text
load_kernel:
    lea rbx, _kernel_start_addr[rip]
    mov rax, OFFSET _kernel_size        # both come from objcopy -I binary
    lea rdx, _kernel_end_addr[rip]
    sub rdx, rbx
    cmp rax, rdx
    jne broken
    cmp dword ptr [rbx], 0x464c457f
    jne broken
    movzx edx, word ptr [rbx + 56]      # program headers
    mov r8, [rbx + 32]
    add r8, rbx
next:
    cmp dword ptr [r8], 1               # PT_LOAD
    jne skip
    mov rsi, [r8 + 8]
    add rsi, rbx
    mov rdi, [r8 + 16]
    mov rcx, [r8 + 32]
    rep movsb
    mov rcx, [r8 + 40]
    sub rcx, [r8 + 32]
    xor eax, eax
    rep stosb
skip:
    add r8, 56
    dec edx
    jnz next
    mov rsp, 0x90000
    call [rbx + 24]
broken:
    mov dword ptr [0xb8000], 0x0f210f21
    cli
    hlt
    .section .note.GNU-stack, "", @progbits
