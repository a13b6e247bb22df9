; The end of the loader for 32-bit kernels: flat segments, no paging, and what `tell` has to say.

        extern  __entry
        extern  tell
        global  finish

        bits 32
        section .stage progbits alloc exec write align=4

finish: call    tell                    ; returns the registers the kernel expects
        lidt    [idtr]
        cld
        push    dword stay              ; a kernel that returns
        jmp     __entry
stay:   cli
        hlt
        jmp     stay

        align 4
idtr:   dw      0
        dd      0

        section .note.GNU-stack progbits noalloc noexec nowrite align=1
