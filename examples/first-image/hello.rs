#![no_std]
#![no_main]

#[unsafe(no_mangle)]
pub extern "C" fn _start() -> ! {
    let screen = 0xb8000 as *mut u16;
    for (i, &letter) in b"Hi".iter().enumerate() {
        unsafe { screen.add(i).write_volatile(0x0f00 | letter as u16) };
    }
    loop {
        unsafe { core::arch::asm!("hlt") };
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
