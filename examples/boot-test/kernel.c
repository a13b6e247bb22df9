/* A 64-bit kernel of a few lines: greets on the screen, reports on the serial port, ends the run. */

static int counter;                 /* .bss: memory is not zero when the machine starts */
static const char greeting[] = "Hello from 64 bits";

static void outb(unsigned short port, unsigned char value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static void serial(const char *text)
{
    while (*text)
        outb(0x3f8, *text++);
}

void _start(void)
{
    volatile unsigned short *screen = (volatile unsigned short *)0xb8000;
    for (int i = 0; greeting[i]; i++)
        screen[i] = 0x1f00 | (unsigned char)greeting[i];
    serial(counter == 0 ? "bss is zero\n" : "bss is dirty\n");
    outb(0xf4, counter);            /* the exit port: 0 is success */
    for (;;)
        __asm__ volatile("hlt");
}
