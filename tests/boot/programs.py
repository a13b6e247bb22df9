"""Small boot programs, each for one thing a machine does: nasm source, and the bytes nasm made.

The bytes are committed in `programs.json`, so that the tests run without nasm; where nasm is
there a test assembles again and compares.  `PYTHONPATH=tests python -m boot.programs` writes the
file anew.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

BYTES = Path(__file__).with_name("programs.json")
SECTOR = 512

START = """org 0x7c00
bits 16
xor ax, ax
mov ds, ax
mov es, ax
mov ss, ax
mov sp, 0x7000
"""
"""Real mode with all segments 0 and a stack."""

MORE = (
    START
    + """mov [drive], dl
mov cx, 2
mov dh, 0
mov bx, 0x7e00
mov ax, 0x0208
int 0x13
jc $
mov di, 0x500
jmp main
drive: db 0
save:
pushf
stosw
pop ax
and ax, 0x41
stosw
mov ax, cx
stosw
mov ax, dx
stosw
mov ax, bx
stosw
mov dl, [drive]
ret
packet: db 16, 0
dw 1, 0x9000, 0
dq 0
times 510-($-$$) db 0
dw 0xaa55
main:
"""
)
"""The same with eight more sectors; `call save` stores AX, CF and ZF, CX, DX, BX from 0x500 on."""

PROTECTED = (
    START
    + """cli
lgdt [gdtr]
mov eax, cr0
or al, 1
mov cr0, eax
jmp 8:start32
gdt: dq 0, 0x00cf9a000000ffff, 0x00cf92000000ffff, 0x00af9a000000ffff, 0x00009a000000ffff, 0
gdt_end:
gdtr: dw gdt_end - gdt - 1
dd gdt
idtr: dw 0x3ff
dd 0x9000
bits 32
start32:
mov ax, 16
mov ds, ax
mov es, ax
mov ss, ax
mov esp, 0x7000
mov edi, 0x9000
xor eax, eax
mov ecx, 0x100
rep stosd
"""
)
"""32-bit protected mode, flat, with an empty IDT at 0x9000 that is not loaded.

Selectors: 8 code, 16 data, 24 64-bit code, 32 16-bit code.
"""

LONG = (
    PROTECTED
    + """mov edi, 0x1000
mov cr3, edi
xor eax, eax
mov ecx, 0xc00
rep stosd
mov dword [0x1000], 0x2003
mov dword [0x2000], 0x3003
mov dword [0x3000], 0x83
mov eax, cr4
or al, 0x20
mov cr4, eax
mov ecx, 0xc0000080
rdmsr
or ah, 1
wrmsr
mov eax, cr0
or eax, 0x80000000
mov cr0, eax
jmp 24:start64
bits 64
start64:
mov rsp, 0x7000
"""
)
"""64-bit mode, the first 2 MiB mapped."""


def gate32(vector: int, label: str) -> str:
    """Write an interrupt gate of the IDT at 0x9000 (labels below 64 KiB)."""
    at = 0x9000 + vector * 8
    return f"mov dword [{at:#x}], 0x80000 + {label}\nmov dword [{at + 4:#x}], 0x8e00\n"


def gate64(vector: int, label: str, stack: int = 0) -> str:
    at = 0x9000 + vector * 16
    return (
        f"mov dword [{at:#x}], 0x180000 + {label}\nmov dword [{at + 4:#x}], {0x8E00 | stack:#x}\n"
        f"mov qword [{at + 8:#x}], 0\n"
    )


def put(text: str, place: int = 0) -> str:
    """Write text to the screen's memory."""
    lines = (f"mov byte [{0xB8000 + 2 * (place + i):#x}], {ord(c)}" for i, c in enumerate(text))
    return "\n".join(lines) + "\n"


def say(text: str) -> str:
    """Teletype."""
    return "".join(f"mov ax, {0x0E00 | ord(c):#x}\nint 0x10\n" for c in text)


HALT = "cli\nhlt\njmp $ - 1\n"
CLEAR = "mov ax, 3\nint 0x10\n"
VECTOR = "mov word [{0}*4], {1}\nmov word [{0}*4+2], 0\n"

SOURCES: dict[str, str] = {
    # The screen.
    "teletype": START + CLEAR + say("Hello\r\nworld\b\bLD\7!") + HALT,
    "wrap": START
    + CLEAR
    + "mov cx, 85\nmov bx, 0\na: mov ax, 0x0e2b\nint 0x10\nloop a\n"
    + say(".")
    + HALT,
    "scroll": START
    + CLEAR
    + "mov cx, 30\na: mov ax, 0x0e41 + 30\nsub al, cl\nint 0x10\nmov al, 13\n"
    "int 0x10\nmov al, 10\nint 0x10\n"
    "loop a\n" + HALT,
    "cursor": START
    + CLEAR
    + "mov ax, 0x0200\nmov bx, 0\nmov dx, 0x0a28\nint 0x10\n"
    + "mov ax, 0x092a\nmov bx, 0x1f\nmov cx, 3\nint 0x10\nmov ah, 8\nmov bh, 0\n"
    "int 0x10\nmov [0x500], ax\n"
    + "mov ah, 3\nmov bh, 0\nint 0x10\nmov [0x502], dx\nmov ah, 15\nint 0x10\nmov [0x504], ax\n"
    + "mov ax, 0x0a2d\nmov bx, 0\nmov cx, 1\nint 0x10\nmov ax, 0x1003\nmov bl, 0\nint 0x10\n"
    + "mov ax, 0x0103\nmov ah, 1\nmov cx, 0x2000\nint 0x10\n"
    + HALT,
    "string": START
    + CLEAR
    + "mov ax, 0x1301\nmov bx, 0x4f\nmov cx, 6\nmov dx, 0x0305\nmov bp, text\nint 0x10\n"
    + say("!")
    + "mov ax, 0x1302\nmov bx, 0\nmov cx, 2\nmov dx, 0x0500\nmov bp, pairs\nint 0x10\n"
    + HALT
    + "text: db 'string'\npairs: db 'x', 1, 'y', 2\n",
    "windows": START
    + CLEAR
    + "mov cx, 2000\nmov ax, 0x0923\nmov bx, 7\nint 0x10\n"
    + "mov ax, 0x0602\nmov bh, 0x17\nmov cx, 0x0205\nmov dx, 0x0509\nint 0x10\n"
    + "mov ax, 0x0701\nmov bh, 0x27\nmov cx, 0x0a05\nmov dx, 0x0c09\nint 0x10\n"
    + "mov ax, 0x0600\nmov bh, 0x07\nmov cx, 0x1000\nmov dx, 0x184f\nint 0x10\n"
    + HALT,
    # The disk.
    "disk": MORE
    + "mov ax, 0x0201\nmov bx, 0x9000\nmov cx, 1\nmov dh, 0\nint 0x13\ncall save\n"
    + "mov ax, 0x0201\nmov cx, 0\nmov dh, 0\nint 0x13\ncall save\n"
    + "mov ax, 0x0200\nmov cx, 1\nmov dh, 0\nint 0x13\ncall save\n"
    + "mov ax, 0x0202\nmov bx, 0x9000\nmov cx, 9\nmov dh, 0\nint 0x13\ncall save\n"
    + "mov ax, 0x0201\nmov cx, 20\nmov dh, 0\nint 0x13\ncall save\n"
    + "mov ax, 0x0201\nmov cx, 1\nmov dh, 200\nint 0x13\ncall save\n"
    + "mov ax, 0x0281\nmov cx, 1\nmov dh, 0\nint 0x13\ncall save\n"
    + "mov ax, 0x0201\nmov cx, 1\nmov dx, 0x81\nint 0x13\ncall save\n"
    + "mov ah, 1\nint 0x13\ncall save\nmov ah, 0\nint 0x13\ncall save\nmov ah, 1\n"
    "int 0x13\ncall save\n" + "mov ax, 0x0800\npush di\nint 0x13\npop di\nmov bx, 0\ncall save\n"
    "mov ax, 0x1500\nint 0x13\ncall save\n"
    + "mov ah, 0x41\nmov bx, 0x55aa\nint 0x13\ncall save\n"
    + "mov si, packet\nmov ah, 0x42\nint 0x13\nmov cx, [packet+2]\ncall save\n"
    + "mov byte [packet+2], 5\nmov byte [packet+8], 7\nmov ah, 0x42\nint 0x13\n"
    "mov cx, [packet+2]\ncall save\n"
    + "mov byte [packet+8], 100\nmov ah, 0x42\nint 0x13\nmov cx, [packet+2]\ncall save\n"
    + "mov word [0x9400], 26\nmov si, 0x9400\nmov ah, 0x48\nint 0x13\ncall save\n"
    + "mov ah, 0x77\nint 0x13\ncall save\n"
    + "mov ax, 0x0202\nmov bx, 0xff00\nmov cx, 1\nmov dh, 0\nint 0x13\ncall save\n"
    + HALT
    + "times 512*9-($-$$) db 0x5a\n",
    "disk-write": START
    + "mov ax, 0x0301\nmov bx, 0x7c00\nmov cx, 2\nmov dh, 0\nint 0x13\njc $\n"
    + "mov ax, 0x0201\nmov bx, 0x9000\nmov cx, 2\nmov dh, 0\nint 0x13\njc $\n"
    + "mov ax, [0x91fe]\nmov [0x500], ax\n"
    + HALT
    + "times 510-($-$$) db 0\ndw 0xaa55\ntimes 512 db 0x33\n",
    "floppy": MORE
    + "mov ax, 0x0201\nmov bx, 0x9000\nmov cx, 1\nmov dh, 0\nint 0x13\ncall save\n"
    + "mov ax, 0x0205\nmov cx, 0x10\nmov dh, 0\nint 0x13\ncall save\n"
    + "mov ax, 0x0205\nmov cx, 0x10\nmov dh, 1\nint 0x13\ncall save\n"
    + "mov ax, 0x0201\nmov cx, 0x4f01\nmov dh, 1\nint 0x13\ncall save\n"
    + "mov ax, 0x0201\nmov cx, 0x5001\nmov dh, 1\nint 0x13\ncall save\n"
    + "mov ax, 0x0202\nmov bx, 0xff00\nmov cx, 1\nmov dh, 0\nint 0x13\ncall save\n"
    + "mov ax, 0x0800\npush di\npush es\nint 0x13\npop es\npop di\nmov bh, 0\ncall save\n"
    + "mov ax, 0x1500\nint 0x13\nmov cx, 0\ncall save\n"
    + "mov ah, 0x41\nmov bx, 0x55aa\nint 0x13\ncall save\n"
    + "mov si, packet\nmov ah, 0x42\nint 0x13\ncall save\n"
    + HALT
    + "times 1474560-($-$$) db 0\n",
    # Memory, time, keyboard.
    "system": MORE
    + "int 0x12\ncall save\nint 0x11\ncall save\nmov ah, 0x88\nint 0x15\ncall save\n"
    + "mov ax, 0x2400\nint 0x15\ncall save\nmov ax, 0x2402\nint 0x15\ncall save\n"
    + "mov ax, 0x2401\nint 0x15\ncall save\nmov ax, 0x2402\nint 0x15\ncall save\n"
    + "mov ax, 0x2403\nint 0x15\ncall save\nmov ax, 0x7700\nint 0x15\ncall save\n"
    + "push es\nmov ah, 0xc0\nint 0x15\npop es\nmov bx, 0\ncall save\n"
    + "mov ah, 1\nint 0x16\ncall save\nmov ah, 2\nint 0x16\nmov ah, 0\ncall save\n"
    + "mov ah, 3\nmov dx, 0\nint 0x14\ncall save\n"
    + "mov ax, 0x1a00\nint 0x10\ncall save\nmov ah, 0x12\nmov bx, 0x10\nint 0x10\ncall save\n"
    + HALT
    + "times 512*9-($-$$) db 0\n",
    "e820": START + "mov word [0x500], 0\nmov di, 0x600\nxor ebx, ebx\na: mov eax, 0xe820\n"
    "mov edx, 0x534d4150\nmov ecx, 24\nint 0x15\njc b\n"
    + "add di, 20\ninc word [0x500]\ntest ebx, ebx\njnz a\n"
    + "b: mov ax, 0xe801\nint 0x15\nmov [0x502], cx\nmov [0x504], dx\n"
    + HALT,
    "block-move": START
    + "mov si, table\nmov cx, 4\nmov ah, 0x87\nint 0x15\n"
    + HALT
    + "text: db 'ABCDEFGH'\n"
    + "table: dq 0, 0\ndw 0xffff, text\ndb 0, 0x93, 0, 0\ndw 0xffff, 0\n"
    "db 0x20, 0x93, 0, 0\ndq 0, 0\n",
    "keys": START + CLEAR + "a: mov ah, 0\nint 0x16\nmov ah, 0x0e\nint 0x10\njmp a\n",
    "key-wait": START
    + CLEAR
    + "a: mov ah, 1\nint 0x16\njz a\nmov ah, 0\nint 0x16\nmov [0x500], ax\n"
    + HALT,
    "key-port": PROTECTED
    + "mov edi, 0x500\na: in al, 0x64\ntest al, 1\njz a\nin al, 0x60\nstosb\njmp a\n",
    "ticks": START + "sti\nmov ax, [0x46c]\nadd ax, 3\na: cmp [0x46c], ax\njb a\nmov ah, 0\n"
    "int 0x1a\nmov bx, dx\nadd bx, 2\n"
    + "b: mov ah, 0\nint 0x1a\ncmp dx, bx\njb b\nmov [0x500], dx\n"
    + HALT,
    "wait": START
    + "mov ah, 0x86\nmov cx, 3\nmov dx, 0\nint 0x15\nmov ax, [0x46c]\nmov [0x500], ax\n"
    + HALT,
    # Interrupts in real mode.
    "hooks": START
    + CLEAR
    + VECTOR.format("0x60", "mine")
    + "mov eax, [0x10*4]\nmov [old], eax\n"
    + VECTOR.format("0x10", "video")
    + "int 0x60\nmov ax, 0x0e41\npushf\ncall far [0x10*4]\n"
    + HALT
    + "mine: mov ax, 0x0e4d\nint 0x10\niret\nvideo: inc al\njmp far [cs:old]\nold: dd 0\n",
    "tick-hook": START
    + CLEAR
    + VECTOR.format("0x1c", "tick")
    + "sti\na: hlt\ncmp byte [count], 4\njb a\n"
    + HALT
    + "tick: push ax\nmov ax, 0x0e2e\nint 0x10\ninc byte [cs:count]\npop ax\niret\ncount: db 0\n",
    "divide-hook": START
    + VECTOR.format("0", "fault")
    + "xor cx, cx\ndiv cx\nmov word [0x502], 0x1234\n"
    + HALT
    + "fault: mov word [0x500], 0x4321\npush bp\nmov bp, sp\nadd word [bp+2], 2\npop bp\niret\n",
    "dos": START + CLEAR + "mov dx, 0x7c00\nmov ah, 9\nint 0x21\nint 0x80\n" + HALT,
    # Protected and long mode.
    "protected": PROTECTED + put("PM") + HALT,
    "protected-handler": PROTECTED
    + gate32(0x30, "soft")
    + gate32(6, "invalid")
    + gate32(13, "general")
    + "lidt [idtr]\nint 0x30\nud2\nmov ax, 0x1230\nmov ds, ax\nmov ax, 0x2340\nmov ds, ax\n"
    + HALT
    + "soft: mov byte [0x500], 0x55\niret\ninvalid: mov byte [0x501], 0x66\n"
    "add dword [esp], 2\niret\n"
    + "general: mov edi, [where]\npop dword [edi]\nadd dword [where], 4\n"
    "add dword [esp], 2\niret\n" + "where: dd 0x504\n",
    "handler-16": PROTECTED
    + "mov dword [0x9000+0x30*8], 0x200000 + soft\nmov dword [0x9004+0x30*8], 0x8e00\n"
    + "lidt [idtr]\nint 0x30\n"
    + HALT
    + "bits 16\nsoft: mov byte [0x500], 0x16\no32 iret\n",
    "page-faults": PROTECTED
    + gate32(14, "fault")
    + "lidt [idtr]\nmov edi, 0x1000\nmov ecx, 0x400\nxor eax, eax\nrep stosd\n"
    + "mov edi, 0x2000\nmov ecx, 0x100\nmov eax, 3\na: stosd\nadd eax, 0x1000\nloop a\n"
    + "mov dword [0x1000], 0x2003\nmov eax, 0x1000\nmov cr3, eax\nmov eax, cr0\n"
    "or eax, 0x80000000\n"
    + "mov cr0, eax\nmov edi, 0x500\nmov byte [0x400000], 1\nmov byte [0x800000], 1\nmov ecx, 5\n"
    + "b: mov eax, ecx\nshl eax, 22\nor al, [eax + 0x1000000]\nnop\nloop b\n"
    + HALT
    + "fault: pop eax\nstosd\nmov eax, cr2\nstosd\nmov eax, [esp]\ncmp byte [eax], 0x0a\nje c\n"
    + "add dword [esp], 1\nc: add dword [esp], 6\niret\n",
    "timer-32": PROTECTED
    + gate32(0x20, "tick")
    + "lidt [idtr]\nmov al, 0x11\nout 0x20, al\nmov al, 0x20\nout 0x21, al\n"
    "mov al, 4\nout 0x21, al\n"
    + "mov al, 1\nout 0x21, al\nmov al, 0xfe\nout 0x21, al\nsti\na: hlt\n"
    "cmp byte [0xb8000], '3'\njb a\n"
    + HALT
    + "tick: cmp byte [0xb8000], '0'\njae b\nmov byte [0xb8000], '0'\nb: inc byte [0xb8000]\n"
    + "mov al, 0x20\nout 0x20, al\niret\n",
    "no-acknowledge": PROTECTED
    + gate32(8, "tick")
    + "lidt [idtr]\nsti\na: hlt\njmp a\ntick: inc byte [0x500]\niret\n",
    "long": LONG
    + "mov rax, 0x1f521f4d1f4c\nmov [0xb8000], rax\nmov r9, 0x1122334455667788\n"
    + HALT,
    "long-handler": LONG
    + gate64(0x30, "soft")
    + gate64(14, "fault")
    + "lidt [idtr64]\nlea rax, [rsp - 3]\nmov rsp, rax\nint 0x30\n"
    "mov rax, [0x40000000]\nnop\nmov [0x510], rsp\n"
    + HALT
    + "soft: mov [0x500], rsp\niretq\nfault: pop qword [0x508]\nadd qword [rsp], 8\niretq\n"
    + "idtr64: dw 0x3ff\ndq 0x9000\n",
    "long-stack": LONG
    + gate64(0x30, "soft", stack=1)
    + "mov dword [gdt+32], 0x60000067\nmov dword [gdt+36], 0x8900\n"
    "mov qword [0x6000+0x24], 0x6800\n"
    + "lidt [idtr64]\nmov ax, 32\nltr ax\nint 0x30\n"
    + HALT
    + "soft: mov [0x500], rsp\niretq\nidtr64: dw 0x3ff\ndq 0x9000\n",
    "compat-handler": LONG
    + gate64(0x30, "soft")
    + "lidt [idtr64]\npush 8\npush compat\nretfq\nbits 32\ncompat: int 0x30\n"
    "mov byte [0x501], 0x32\n"
    + HALT
    + "bits 64\nsoft: mov byte [0x500], 0x64\niretq\nidtr64: dw 0x3ff\ndq 0x9000\n",
    "sse": PROTECTED
    + "mov eax, cr4\nor eax, 0x600\nmov cr4, eax\nmovaps xmm0, xmm1\n"
    + put("SSE")
    + HALT,
    "back-to-real": PROTECTED
    + "jmp 32:low\nbits 16\nlow: mov eax, cr0\nand al, 0xfe\nmov cr0, eax\n"
    "jmp 0:real\nreal: xor ax, ax\n"
    + "mov ds, ax\nmov es, ax\nmov ss, ax\nmov sp, 0x7000\n"
    + CLEAR
    + say("real")
    + HALT,
    # Ports.
    "serial": START + "mov dx, 0x3fd\nin al, dx\nmov [0x500], al\nmov dx, 0x3fb\nmov al, 0x80\n"
    "out dx, al\nmov dx, 0x3f8\n" + "mov al, 3\nout dx, al\nmov dx, 0x3fb\nmov al, 3\nout dx, al\n"
    "mov dx, 0x3f8\nmov al, 'C'\nout dx, al\n"
    + "mov ax, 0x0131\nmov dx, 0\nint 0x14\nmov al, 'E'\nout 0xe9, al\n"
    "in al, 0xe9\nmov [0x501], al\n" + HALT,
    "a20": START
    + "mov ax, 0xffff\nmov es, ax\nmov byte [0x500], 0x11\nmov byte [es:0x510], 0x22\n"
    + "in al, 0x92\nand al, 0xfc\nout 0x92, al\nmov bl, [es:0x510]\n"
    "mov byte [es:0x510], 0x33\nmov bh, [0x500]\n"
    + "mov al, 0xdf\nout 0x64, al\nmov cl, [es:0x510]\nmov [0x502], bx\n"
    "mov [0x504], cl\nmov byte [0x501], 0\nmov byte [0x505], 0\n" + HALT,
    "holes": PROTECTED
    + "mov dword [0xfee000b0], 0\nmov eax, [0xfee00020]\nmov [0x500], eax\nmov edi, 0x100000\n"
    "a: mov dword [edi], 0x12345678\ncmp dword [edi], 0x12345678\njne b\nadd edi, 0x100000\n"
    "jmp a\nb: mov [0x504], edi\nc: mov eax, [edi]\nadd edi, 0x100000\ncmp edi, 0xfff00000\n"
    "jb c\n" + HALT,
    "unreal": START
    + "cli\nlgdt [gdtr]\nmov eax, cr0\nor al, 1\nmov cr0, eax\nmov bx, 8\nmov ds, bx\nand al, 254\n"
    "mov cr0, eax\nsti\nmov ebx, 0x200000\nmov dword [ebx], 0x55aa55aa\nmov ax, 0x0e2b\nint 0x10\n"
    "mov ebx, 0x200000\nmov eax, [ebx]\nmov [0x500], eax\n"
    + HALT
    + "gdt: dq 0, 0x00cf92000000ffff\ngdtr: dw 15\ndd gdt\n",
    "ata": PROTECTED
    + "mov dx, 0x1f6\nmov al, 0xe0\nout dx, al\nmov dx, 0x1f2\nmov al, 1\nout dx, al\ninc dx\n"
    "mov al, 1\nout dx, al\ninc dx\nmov al, 0\nout dx, al\ninc dx\nout dx, al\nmov dx, 0x1f7\n"
    "mov al, 0x20\nout dx, al\na: in al, dx\ntest al, 0x80\njnz a\ntest al, 8\njz a\n"
    "mov edi, 0x100000\nmov ecx, 256\nmov dx, 0x1f0\nrep insw\n"
    "mov dx, 0x1f7\nin al, dx\nmov [0x500], al\nmov al, 0xec\n"
    "out dx, al\nin al, dx\nmov [0x501], al\n"
    "mov edi, 0x600\nmov ecx, 256\nmov dx, 0x1f0\n"
    "rep insw\nmov eax, [0x600+120]\nmov [0x504], eax\n"
    + HALT
    + "times 510-($-$$) db 0\ndw 0xaa55\ntimes 512 db 0x44\n",
    "pci": PROTECTED + "mov eax, 0x80000000\nmov dx, 0xcf8\nout dx, eax\nmov dx, 0xcfc\n"
    "in eax, dx\nmov [0x500], eax\n" + HALT,
    "hidden-cursor": START
    + CLEAR
    + say("ab")
    + "mov dx, 0x3d4\nmov al, 15\nout dx, al\ninc dx\nin al, dx\nmov [0x500], al\n"
    + HALT,
    "exit": START + "mov al, 0x21\nout 0xf4, al\njmp $\n",
    "exit-0": START + "mov al, 0\nout 0xf4, al\njmp $\n",
    "power-off": START + "mov dx, 0x604\nmov ax, 0x2000\nout dx, ax\njmp $\n",
    # Ends.
    "halt": START + HALT,
    "idle": START + "a: hlt\njmp a\n",
    "self-jump": START + "jmp $\n",
    "cli-jump": START + "cli\njmp $\n",
    "pause-loop": PROTECTED + "a: pause\njmp a\n",
    "slow-idle": LONG
    + "a: mov rax, [0x500]\ntest rax, rax\njnz a\ncmp rax, [0x508]\njne a\njmp a\n",
    "work": START + "a: inc edx\nadd ebx, edx\nmov [0x600], ebx\njmp a\n",
    "memory-work": START + "a: inc dword [0x600]\njmp a\n",
    "reset-jump": START + "jmp 0xffff:0\n",
    "reset-keyboard": START + "mov al, 0xfe\nout 0x64, al\njmp $\n",
    "reset-fast": START + "mov al, 1\nout 0x92, al\njmp $\n",
    "int-19": START + "int 0x19\n",
    "int-18": START + "int 0x18\n",
    # Crashes.
    "real-ud": START + "ud2\n",
    "real-divide": START + "xor cx, cx\ndiv cx\n",
    "real-no-vectors": START + "lidt [none]\nint3\nnone: dd 0, 0\n",
    "no-idt": PROTECTED + "ud2\n",
    "empty-idt": PROTECTED + "lidt [idtr]\nxor ecx, ecx\ndiv ecx\n",
    "bios-in-protected": PROTECTED + "mov ax, 0x0e41\nint 0x10\n",
    "interrupts-on": PROTECTED + "sti\njmp $\n",
    "no-tables": PROTECTED + "xor eax, eax\nmov cr3, eax\nmov dword [0], 0\nmov eax, cr0\n"
    "or eax, 0x80000000\nmov cr0, eax\nnop\n",
    "stack-unmapped": LONG
    + gate64(13, "a")
    + "lidt [idtr64]\nmov rsp, 0x40000000\nint 0x31\na: jmp a\n"
    "idtr64: dw 0x3ff\ndq 0x9000\n",
    "sse-off": PROTECTED + "movaps xmm0, xmm1\n",
    "zeros": PROTECTED + "mov edi, 0x100000\nmov ecx, 0x4000\nxor eax, eax\nrep stosd\n"
    "jmp 0x100000\n",
    "astray": START + "jmp 0:0x9000\n",
    "syscall": LONG + "mov ecx, 0xc0000080\nrdmsr\nor al, 1\nwrmsr\nsyscall\n" + HALT,
    "nowhere": PROTECTED + "jmp 8:0x50000000\n",
    "fresh-ram": START + CLEAR + "cmp byte [0x9000], 0\nje a\n" + say("dirty") + "a:" + HALT,
}
"""Name -> nasm source.  Sources without a signature get one."""


def assemble(source: str) -> bytes:
    """Run nasm; the boot sector's signature is added when the source has none."""
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder, "program.asm"), Path(folder, "program.bin")
        path.write_text(source)
        subprocess.run(["nasm", "-fbin", "-o", out, path], check=True)
        code = out.read_bytes()
    if len(code) > SECTOR - 2:
        assert code[SECTOR - 2 : SECTOR] == b"\x55\xaa"
        return code
    return code.ljust(SECTOR - 2, b"\0") + b"\x55\xaa"


def pack(image: bytes) -> str:
    """Hex; runs of one byte at the end are `..count*byte`."""
    body = image.rstrip(image[-1:]) + image[-1:]
    tail = len(image) - len(body)
    return body.hex() + (f"..{tail}*{image[-1]:02x}" if tail else "")


def unpack(text: str) -> bytes:
    body, _, tail = text.partition("..")
    count, _, byte = tail.partition("*")
    return bytes.fromhex(body) + (bytes.fromhex(byte) * int(count) if tail else b"")


def image(name: str) -> bytes:
    """The committed bytes of a program, as a bootable image."""
    found: dict[str, str] = json.loads(BYTES.read_text())
    return unpack(found[name])


def main() -> None:
    rows = {name: pack(assemble(source)) for name, source in SOURCES.items()}
    BYTES.write_text(json.dumps(rows, indent=0) + "\n")


if __name__ == "__main__":
    main()
