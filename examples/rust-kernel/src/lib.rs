//! What the kernel and its tests share: the boot information, a serial port, an exit.
#![no_std]

use core::fmt;
use core::panic::PanicInfo;

pub mod memory;

/// A kind of memory, as the boot information counts them.
pub const USABLE: u32 = 0;
pub const KERNEL: u32 = 6;
pub const KERNEL_STACK: u32 = 7;

/// Frames of 4 KiB, from `start` up to `end`, and what they hold.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Region {
    pub start: u64,
    pub end: u64,
    pub kind: u32,
    padding: u32,
}

/// What the loader passes: the layout of the crate `bootloader` 0.9 with `map_physical_memory`.
#[repr(C)]
pub struct BootInfo {
    regions: [Region; 64],
    count: u64,
    pub physical_memory_offset: u64,
    tls_template: [u64; 3],
    end: u8,
}

impl BootInfo {
    pub fn regions(&self) -> &[Region] {
        &self.regions[..self.count as usize]
    }
}

pub unsafe fn out(port: u16, value: u8) {
    unsafe { core::arch::asm!("out dx, al", in("dx") port, in("al") value) }
}

/// End the machine; the status of the run is twice the code, plus one.
pub fn exit(code: u8) -> ! {
    unsafe { out(0xf4, code) }
    loop {
        unsafe { core::arch::asm!("cli", "hlt") }
    }
}

pub const SUCCESS: u8 = 0x10;
pub const FAILURE: u8 = 0x11;

pub struct Serial;

impl fmt::Write for Serial {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            unsafe { out(0x3f8, byte) }
        }
        Ok(())
    }
}

#[macro_export]
macro_rules! println {
    ($($part:tt)*) => {{
        use core::fmt::Write;
        let _ = writeln!($crate::Serial, $($part)*);
    }};
}

/// Text at the top of the screen, white on black.
pub fn show(text: &str) {
    let screen = 0xb8000 as *mut u16;
    for (place, byte) in text.bytes().enumerate() {
        unsafe { screen.add(place).write_volatile(0x0f00 | byte as u16) }
    }
}

/// Tests that expect a panic say so here.
pub static mut PANIC_CODE: u8 = FAILURE;

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    println!("{info}");
    exit(unsafe { PANIC_CODE })
}

/// Named by the unwind tables of the precompiled libraries; nothing unwinds here.
#[no_mangle]
pub extern "C" fn rust_eh_personality() {}
