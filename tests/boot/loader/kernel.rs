//! A kernel with something in every section: it greets only when all of them arrived.
#![no_std]
#![no_main]

static GREETING: &str = "Hello from a kernel in an archive";
static mut COUNT: u32 = 7;
static mut SEEN: [u32; 64] = [0; 64];
static TABLE: [fn(u32) -> u32; 2] = [double, triple];

#[inline(never)]
fn double(n: u32) -> u32 {
    n * 2
}

#[inline(never)]
fn triple(n: u32) -> u32 {
    n * 3
}

fn show(text: &str) {
    let screen = 0xb8000 as *mut u16;
    for (place, byte) in text.bytes().enumerate() {
        unsafe { screen.add(place).write_volatile(0x0f00 | byte as u16) };
    }
}

fn everything_is_here() -> bool {
    let seen = core::ptr::addr_of_mut!(SEEN) as *mut u32;
    let count = core::ptr::addr_of_mut!(COUNT);
    unsafe {
        let zeros = (0..64).all(|n| seen.add(n).read_volatile() == 0);
        seen.write_volatile(TABLE[count.read_volatile() as usize & 1](14));
        zeros && count.read_volatile() == 7 && seen.read_volatile() == 42
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn _start() -> ! {
    show(if everything_is_here() { GREETING } else { "Something is missing" });
    loop {
        unsafe { core::arch::asm!("cli", "hlt") };
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
