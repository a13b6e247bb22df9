//! Says hello on screen and serial port, and how much memory there is.
#![no_std]
#![no_main]

use rust_kernel::{exit, println, show, BootInfo, SUCCESS, USABLE};

#[no_mangle]
pub extern "C" fn _start(info: &'static BootInfo) -> ! {
    show("Hello from Rust");
    println!("Hello from Rust");
    let usable = info.regions().iter().filter(|region| region.kind == USABLE);
    let frames: u64 = usable.map(|region| region.end - region.start).sum();
    println!("{} MiB of memory are free", frames / 256);
    exit(SUCCESS)
}
