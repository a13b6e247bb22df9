/* Says hello and how much memory there is, on the screen. */

#include <stdint.h>

static volatile uint16_t *const screen = (uint16_t *)0xb8000;
static unsigned place;

static void print(const char *text)
{
    for (; *text; text++)
        screen[place++] = 0x0f00 | (uint8_t)*text;
}

static void print_number(uint32_t number)
{
    char digits[12], *at = digits + sizeof digits;

    *--at = 0;
    do
        *--at = '0' + number % 10;
    while (number /= 10);
    print(at);
}

static void next_line(void)
{
    place = (place / 80 + 1) * 80;
}

/* End the machine, here and in QEMU with -device isa-debug-exit. */
static void finish(void)
{
    __asm__ volatile("outb %0, $0xf4" : : "a"((uint8_t)0x10));
    for (;;)
        __asm__ volatile("cli; hlt");
}

#ifdef __x86_64__

/* What the `bootloader` protocol passes, without features. */
struct region {
    uint64_t start, end; /* frames of 4 KiB */
    uint32_t kind, padding;
};

struct boot_info {
    struct region regions[64];
    uint64_t count;
    uint64_t tls_template[3];
};

enum { USABLE = 0 };

void _start(const struct boot_info *info)
{
    uint64_t frames = 0;

    print("Hello from C, 64 bits");
    next_line();
    for (uint64_t i = 0; i < info->count; i++)
        if (info->regions[i].kind == USABLE)
            frames += info->regions[i].end - info->regions[i].start;
    print_number((uint32_t)(frames / 256));
    print(" MiB are free");
    finish();
}

#else

struct multiboot_info {
    uint32_t flags, mem_lower, mem_upper, boot_device, cmdline;
};

/* The header, and code that brings its own stack: multiboot promises none. */
__asm__(".section .multiboot, \"a\"\n"
        ".balign 4\n"
        ".long 0x1badb002, 3, -(0x1badb002 + 3)\n"
        ".text\n"
        ".globl _start\n"
        "_start: movl $stack + 16384, %esp\n"
        "pushl %ebx\n"
        "pushl %eax\n"
        "call kernel\n");

char stack[16384] __attribute__((aligned(16)));

void kernel(uint32_t magic, const struct multiboot_info *info)
{
    print(magic == 0x2badb002 ? "Hello from C, 32 bits" : "this is not multiboot");
    next_line();
    print_number(info->mem_upper / 1024 + 1);
    print(" MiB of memory; command line: ");
    print((const char *)info->cmdline);
    finish();
}

#endif
